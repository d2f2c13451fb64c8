/**
 * What a bundle may hold: regular files and directories. A link or a device in an archive from strangers is refused, and
 * so is every name that leaves the directory it is unpacked to.
 */
import { type TarMember, tarMembers } from '../../tar/archive.ts'
import { TarFault } from '../../tar/header.ts'

export interface BundleEntry extends Pick<TarMember, 'isExecutable' | 'sizeBytes' | 'content'> {
  /** Relative, without `.`, `..` or empty components. */
  readonly path: string
  readonly isDirectory: boolean
}

/** @throws TarFault */
export async function* bundleMembers(source: AsyncIterable<Buffer>): AsyncGenerator<BundleEntry> {
  for await (const { path: written, kind, isExecutable, sizeBytes, content } of tarMembers(source)) {
    const path = checkedPath(written)
    if (kind === 'other')
      throw new TarFault(`${path} is neither a file nor a directory: links and devices are not taken`)
    if (path !== '') yield { path, isDirectory: kind === 'directory', isExecutable, sizeBytes, content }
  }
}

function checkedPath(path: string): string {
  if (path === '.' || path === './') return ''
  const parts = path.replace(/^\.\//, '').replace(/\/$/, '').split('/')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (parts.some((part) => part === '' || part === '.' || part === '..' || /[\u0000-\u001f]/.test(part)))
    throw new TarFault(`the name ${JSON.stringify(path)} leaves the bundle`)
  return parts.join('/')
}
