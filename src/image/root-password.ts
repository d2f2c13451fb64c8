/**
 * Root's password in an image's `/etc/shadow`. A hash is taken as it is; a clear password is hashed by openssl, which reads
 * it from its standard input: it is in no argument list, no log and no report. A file that is right already is not written.
 */
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { ImageError } from './image-error.ts'
import { lstatOrMissing, resolveInside } from './liteimg/confined.ts'
import type { TreeEdit } from './liteimg/tree-edit.ts'

export const CRYPT_METHODS = { md5: '-1', sha256: '-5', sha512: '-6' } as const
export type CryptMethod = keyof typeof CRYPT_METHODS

/** passwd row key=system, username=root. undefined: there is none. */
export interface RootPassword {
  /** A hash (`$6$…`), or the password itself. */
  readonly password: string
  /** sha512 when left out. */
  readonly cryptMethod?: CryptMethod
}

export type RootPasswordReport = {
  /**
   * `set`: written. `unchanged`: it was so already. `locked`: no password in the tables, and the image let everybody in or had
   * no entry. `left`: no password in the tables; the image's own stays. `none`: the image has no accounts.
   */
  readonly state: 'set' | 'unchanged' | 'locked' | 'left' | 'none'
  readonly warnings: readonly string[]
}

const ADVICE = 'set one with: chtab key=system,username=root passwd.password=…'
/** Fields after the password as xCAT writes them: changed long ago, never to expire. */
const NEW_LINE_REST = ':13880:0:99999:7:::'

/** The caller holds the image's lock. @throws ImageError image-tool */
export async function setRootPassword(
  edit: TreeEdit,
  wanted: RootPassword | undefined,
  dryRun = false,
): Promise<RootPasswordReport> {
  const passwd = await readInside(edit, 'etc/passwd')
  if (passwd === undefined) {
    const warnings = wanted === undefined ? [] : ['the image has no /etc/passwd: the password of root is not set']
    return { state: 'none', warnings }
  }
  const shadow = await readInside(edit, 'etc/shadow')
  const present = shadow === undefined ? undefined : rootField(shadow.text)
  const shown = rootField(passwd.text)
  // Very old images keep the hash in /etc/passwd itself.
  const effective = present ?? (shown === 'x' ? undefined : shown)
  const decided = wanted === undefined ? decideUntold(effective) : undefined
  const field = wanted === undefined ? decided?.field : await fieldFor(wanted, present)
  const warnings = decided?.warnings ?? []
  let changed = false
  if (field !== undefined && field !== present) {
    changed = true
    if (!dryRun) await writeShadow(edit, shadow, field)
  }
  // Without the x a login never looks at the shadow file.
  if (field !== undefined && shown !== undefined && shown !== 'x') {
    changed = true
    if (!dryRun) await edit.replaceContent(passwd.real, Buffer.from(withRootField(passwd.text, 'x'), 'latin1'))
  }
  const state = decided?.state ?? (changed ? 'set' : 'unchanged')
  return { state, warnings }
}

/** An administrator may have set a password in the tree by hand: that one is not taken away in silence, nor locked. */
function decideUntold(present: string | undefined): {
  readonly state: 'locked' | 'left'
  readonly field?: string
  readonly warnings: readonly string[]
} {
  const none = 'the tables have no password for root (passwd row key=system,username=root)'
  if (present === undefined || present === '')
    return { state: 'locked', field: '*', warnings: [`${none}: root is locked in the image; ${ADVICE}`] }
  if (/^[!*]/.test(present)) return { state: 'left', warnings: [] }
  return { state: 'left', warnings: [`${none}: the image keeps the one it has; ${ADVICE}`] }
}

/** @param present what the shadow file has: a hash of the same password is kept, or every run would change the salt */
async function fieldFor({ password, cryptMethod }: RootPassword, present: string | undefined): Promise<string> {
  if (isHash(password)) return password
  if (/[\0\n\r]/.test(password)) throw new ImageError('image-tool', 'the password of root has a line break in it')
  const method = cryptMethod ?? 'sha512'
  const [, number, salt] = /^\$([156])\$([^$]+)\$[^$]+$/.exec(present ?? '') ?? []
  if (salt !== undefined && `-${number}` === CRYPT_METHODS[method]) {
    const again = await hash(password, method, salt)
    if (again === present) return again
  }
  return await hash(password, method)
}

/** What crypt(5) writes, and the words that lock an account. */
export function isHash(password: string): boolean {
  return /^\$[0-9a-z]+\$./.test(password) || /^[!*]/.test(password)
}

function hash(password: string, method: CryptMethod, salt?: string): Promise<string> {
  const args = ['passwd', CRYPT_METHODS[method], '-stdin', ...(salt === undefined ? [] : ['-salt', salt])]
  return new Promise((resolve, reject) => {
    const child = spawn('openssl', args, { stdio: ['pipe', 'pipe', 'ignore'] })
    let said = ''
    child.on('error', (error) =>
      reject(new ImageError('image-tool', `openssl cannot be started (${error.message}): install it`)),
    )
    child.stdout.setEncoding('latin1').on('data', (text: string) => {
      said += text
    })
    // It may end before it has read; its status says so.
    child.stdin.on('error', () => undefined)
    child.on('close', (status) => {
      const result = said.trim()
      if (status === 0 && isHash(result)) resolve(result)
      else reject(new ImageError('image-tool', `openssl could not hash the password of root (status ${status})`))
    })
    child.stdin.end(`${password}\n`)
  })
}

interface InnerFile {
  readonly real: string
  /** Latin-1: every byte comes back as it was. */
  readonly text: string
}

async function readInside(edit: TreeEdit, rel: string): Promise<InnerFile | undefined> {
  const real = await resolveInside(edit.root, rel)
  if (real === undefined || !(await lstatOrMissing(edit.path(real)))?.isFile()) return undefined
  return { real, text: await readFile(edit.path(real), 'latin1') }
}

function rootField(text: string): string | undefined {
  return /^root:([^:\n]*)/m.exec(text)?.[1]
}

/** The first line of root gets the field, others of root go, every other line stays as it is. */
function withRootField(text: string, field: string): string {
  let isDone = false
  const lines = text.split('\n').filter((line) => {
    if (!line.startsWith('root:')) return true
    const isFirst = !isDone
    isDone = true
    return isFirst
  })
  const changed = lines.map((line) => {
    const fields = line.split(':')
    return fields[0] === 'root' && fields.length > 1 ? [fields[0], field, ...fields.slice(2)].join(':') : line
  })
  return (isDone ? changed : [`root:${field}${NEW_LINE_REST}`, ...lines]).join('\n')
}

async function writeShadow(edit: TreeEdit, shadow: InnerFile | undefined, field: string): Promise<void> {
  if (shadow !== undefined) {
    await edit.replaceContent(shadow.real, Buffer.from(withRootField(shadow.text, field), 'latin1'))
    return
  }
  const real = await resolveInside(edit.root, 'etc/shadow')
  if (real === undefined) throw new ImageError('image-path', '/etc/shadow in the image is a loop of symbolic links')
  await edit.writeFile(real, `root:${field}${NEW_LINE_REST}\n`, 0o600)
}
