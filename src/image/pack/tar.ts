/** A tree as a tar archive, by GNU tar: names on its standard input, extended attributes kept. */
import { bytesOfName } from './file-name.ts'
import type { Selection } from './selection.ts'

/** Shell words of the program that reads `tarNames` and prints the archive. */
export function tarWords(root: string): readonly string[] {
  return [
    ...['tar', '--create', '--file=-', `--directory=${root}`, '--null', '--no-recursion', '--numeric-owner'],
    ...['--verbatim-files-from', '--files-from=-'],
    ...['--xattrs', '--xattrs-include=*', '--selinux', '--acls'],
  ]
}

export function* tarNames({ paths }: Selection): Generator<Buffer> {
  for (const path of paths) yield Buffer.concat([bytesOfName(path), Buffer.from([0])])
}
