/**
 * Files with capabilities (ping, newuidmap, …): an extended attribute that cpio archives cannot hold. Node cannot read
 * extended attributes, so a program of the machine is asked.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Paths relative to the tree (`/usr/bin/ping`); undefined: neither getcap nor getfattr is installed. */
export async function filesWithCapabilities(root: string): Promise<string[] | undefined> {
  const options = { maxBuffer: 64 * 1024 * 1024 }
  const inside = (path: string) => path.slice(root.replace(/\/+$/, '').length)
  try {
    const { stdout } = await run('getcap', ['-r', root], options)
    // `path cap_net_raw=ep`, before libcap 2.41 `path = cap_net_raw+ep`.
    const paths = stdout.split('\n').flatMap((line) => /^(.*?)( =)? [^ ]+$/.exec(line)?.[1] ?? [])
    return paths.map(inside).sort()
  } catch {}
  try {
    const words = ['-R', '-h', '-P', '--absolute-names', '-m', '^security\\.capability$', root]
    const { stdout } = await run('getfattr', words, options)
    const paths = stdout.split('\n').flatMap((line) => /^# file: (.*)$/.exec(line)?.[1] ?? [])
    return paths.map(inside).sort()
  } catch {
    return undefined
  }
}
