/** root's line in the image's shadow file. The clear text never stands in an argument, an environment or a log. */
import { spawn } from 'node:child_process'
import { chmod, chown } from 'node:fs/promises'
import { ImageError } from '../../image-error.ts'
import { lstatOrMissing } from '../../liteimg/confined.ts'
import type { RootPassword } from '../request.ts'
import type { TreeFiles } from '../tree-files.ts'

const METHODS = { sha512: '-6', sha256: '-5', md5: '-1' } as const

/** @returns a warning when nobody can log in with a password */
export async function setRootPassword(
  tree: TreeFiles,
  password: RootPassword | undefined,
): Promise<string | undefined> {
  const before = (await tree.read('etc/shadow')) ?? ''
  const hash = password === undefined ? '*' : password.kind === 'hash' ? password.value : await hashOf(password)
  const path = await tree.target('etc/shadow')
  const stat = path === undefined ? undefined : await lstatOrMissing(path)
  await tree.write('etc/shadow', renderShadow(before, hash), stat === undefined ? 0o600 : Number(stat.mode & 0o7777n))
  if (stat !== undefined) {
    const place = await tree.place('etc/shadow')
    await chown(place, Number(stat.uid), Number(stat.gid))
    await chmod(place, Number(stat.mode & 0o7777n))
  }
  const users = await tree.read('etc/passwd')
  const unlocked = users?.replace(/^root:[^:]*:/m, 'root:x:')
  if (unlocked !== undefined && unlocked !== users) await tree.write('etc/passwd', unlocked)
  return password === undefined
    ? 'root has no password in this image and cannot log in with one: add a row key=system username=root to the table passwd'
    : undefined
}

export function renderShadow(text: string, hash: string): string {
  const others = text.split('\n').filter((line) => line !== '' && !line.startsWith('root:'))
  return `${[`root:${hash}:13880:0:99999:7:::`, ...others].join('\n')}\n`
}

async function hashOf(password: Extract<RootPassword, { kind: 'clear' }>): Promise<string> {
  return await new Promise((resolve, reject) => {
    const child = spawn('openssl', ['passwd', METHODS[password.method], '-stdin'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    let hash = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      hash += text
    })
    child.on('error', (error) =>
      reject(new ImageError('image-tool', `openssl cannot be started (${error.message}): install openssl`)),
    )
    child.on('close', (status) => {
      if (status === 0 && hash.startsWith('$')) resolve(hash.trim())
      else reject(new ImageError('image-tool', `openssl passwd ended with status ${status}`))
    })
    child.stdin.on('error', () => undefined)
    child.stdin.end(`${password.value}\n`)
  })
}
