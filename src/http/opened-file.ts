/** Open files of the local disk, with the version that says whether content is still the same. */
import { close, constants, fstat, open, read, readlink, stat } from 'node:fs'

/** What `stat` says, as far as we serve by it. */
export interface FileStat {
  readonly kind: 'file' | 'directory' | 'other'
  readonly sizeBytes: number
  readonly mtimeMs: number
  readonly ctimeMs: number
  readonly mode: number
  /** Device, inode, size, mtime and ctime: changes with every change of content, also by rename or with times put back. */
  readonly version: string
  /** Inode, size, mtime: the same content of the same file, whatever happened to its name meanwhile. */
  readonly content: string
  /** Strong entity tag, quoted. */
  readonly etag: string
}

export type FileFault = { readonly fault: 'missing' | 'forbidden' | 'failed'; readonly message: string }

export interface OpenedFile {
  readonly fd: number
  readonly stat: FileStat
  /** Where it really is, symlinks resolved; the name `open` reached, not one looked up before or after. */
  readonly realPath: string
}

type BigStat = import('node:fs').BigIntStats

function readStat(found: BigStat): FileStat {
  const kind = found.isFile() ? 'file' : found.isDirectory() ? 'directory' : 'other'
  const content = `${found.ino.toString(16)}-${found.size.toString(16)}-${found.mtimeNs.toString(16)}`
  return {
    kind,
    sizeBytes: Number(found.size),
    mtimeMs: Number(found.mtimeMs),
    ctimeMs: Number(found.ctimeMs),
    mode: Number(found.mode),
    version: `${found.dev.toString(16)}-${content}-${found.ctimeNs.toString(16)}`,
    content,
    etag: `"${content}"`,
  }
}

function readFault(error: NodeJS.ErrnoException): FileFault {
  const code = error.code ?? 'error'
  const missing = ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'ENXIO'].includes(code)
  const forbidden = code === 'EACCES' || code === 'EPERM'
  return { fault: missing ? 'missing' : forbidden ? 'forbidden' : 'failed', message: code }
}

export function statFile(path: string): Promise<FileStat | FileFault> {
  return new Promise((resolve) => {
    stat(path, { bigint: true }, (error, found) => resolve(error ? readFault(error) : readStat(found)))
  })
}

export function statOpened(fd: number): Promise<FileStat | FileFault> {
  return new Promise((resolve) => {
    fstat(fd, { bigint: true }, (error, found) => resolve(error ? readFault(error) : readStat(found)))
  })
}

/** O_NONBLOCK: a FIFO or a device in a served tree must not hang a thread. The caller closes `fd`. */
export async function openFile(path: string): Promise<OpenedFile | FileFault> {
  const fd = await new Promise<number | FileFault>((resolve) => {
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY
    open(path, flags, (error, opened) => resolve(error ? readFault(error) : opened))
  })
  if (typeof fd !== 'number') return fd
  const [found, realPath] = await Promise.all([statOpened(fd), pathOfDescriptor(fd)])
  if ('fault' in found || typeof realPath !== 'string') {
    closeFile(fd)
    return 'fault' in found ? found : (realPath as FileFault)
  }
  return { fd, stat: found, realPath }
}

function pathOfDescriptor(fd: number): Promise<string | FileFault> {
  return new Promise((resolve) => {
    readlink(`/proc/self/fd/${fd}`, (error, path) => resolve(error ? readFault(error) : path))
  })
}

/** Bytes read; 0 at the end of the file, -1 when the disk failed. */
export function readAt(fd: number, into: Buffer, length: number, position: number): Promise<number> {
  return new Promise((resolve) => {
    read(fd, into, 0, length, position, (error, count) => resolve(error ? -1 : count))
  })
}

export function closeFile(fd: number): void {
  close(fd, () => {})
}
