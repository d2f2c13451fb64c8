/** What a requested name is called inside the TFTP root. Pure; says nothing about whether it exists. */
import { NAME_MAX_BYTES } from './limits.ts'

/**
 * `\` → `/`, `//` → `/`, `.` dropped, the leading `/` and the tftpdir prefix dropped (loaders are sent both forms:
 * xCAT writes `/tftpboot/…` into URLs and paths without it into grub.cfg). Upper and lower case stay as they are.
 *
 * @param tftpdir the directory that clients may put in front, `/tftpboot`
 * @returns the relative name, or undefined when it would leave the root or names nothing
 */
export function parseName(filename: string, tftpdir = '/tftpboot'): string | undefined {
  if (filename.length > NAME_MAX_BYTES || /\p{Cc}/u.test(filename)) return undefined
  const parts = splitPath(filename)
  const prefix = splitPath(tftpdir)
  const prefixed = prefix.length > 0 && parts.length > prefix.length && prefix.every((part, i) => parts[i] === part)
  const inside = prefixed ? parts.slice(prefix.length) : parts
  if (inside.length === 0 || inside.includes('..')) return undefined
  return inside.join('/')
}

function splitPath(path: string): string[] {
  return path.split(/[/\\]+/).filter((part) => part !== '' && part !== '.')
}
