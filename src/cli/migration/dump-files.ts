/** The CSV files of a dump: from a directory, an archive, or one file. Read here, because here is where they are. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { OperatorError } from '../../api/errors.ts'
import { tarMembers } from '../../tar/archive.ts'
import { isTar, TarFault } from '../../tar/header.ts'
import { DUMP_LIMITS } from './limits.ts'
import { unpack } from './unpack.ts'

/** Tells a dump of ours from one of xCAT: the two are not read alike. */
export const OWN_MARK = 'liteboot-tables.json'

export interface DumpFile {
  readonly table: string
  readonly source: string
  readonly text: string
}

export interface DumpFiles {
  readonly files: readonly DumpFile[]
  /** Written by dumpdb. */
  readonly own: boolean
  /** Logs of the old server: large, and nothing of them is imported. */
  readonly logs: readonly string[]
}

/** @throws OperatorError LB_FILE */
export async function readDumpFiles(path: string): Promise<DumpFiles> {
  const found = new FoundFiles()
  const kind = await stat(path).catch((error: NodeJS.ErrnoException) => cannotRead(path, error))
  if (kind.isDirectory()) await readDirectory(path, found)
  else await readOne(path, found)
  if (found.files.length === 0) {
    const message = `${path} has no <table>.csv`
    const advice =
      'dumpxCATdb -p DIR writes such files; what dumpxCATdb -b writes is a copy of the database, which only xCAT can read.'
    throw new OperatorError('LB_FILE', message, advice)
  }
  return found
}

async function readDirectory(path: string, found: FoundFiles): Promise<void> {
  const names = await readdir(path).catch((error: NodeJS.ErrnoException) => cannotRead(path, error))
  for (const name of names.sort()) {
    const file = join(path, name)
    if (found.passes(name, file)) found.add(name, file, await unpack(file, await read(file)))
  }
}

async function readOne(path: string, found: FoundFiles): Promise<void> {
  const bytes = await unpack(path, await read(path))
  if (!isTar(bytes)) {
    found.add(basename(path), path, bytes)
    return
  }
  try {
    for await (const member of tarMembers([bytes])) {
      // Links and directories are nothing: what they are called reaches no file of this machine.
      if (member.kind !== 'file') continue
      const source = `${path}:${member.path}`
      const name = basename(member.path)
      if (found.passes(name, source)) found.add(name, source, await unpack(source, await buffer(member.content)))
    }
  } catch (error) {
    if (error instanceof TarFault) throw new OperatorError('LB_FILE', `${path}: ${error.message}`)
    throw error
  }
}

async function read(file: string): Promise<Buffer> {
  return readFile(file).catch((error: NodeJS.ErrnoException) => cannotRead(file, error))
}

function cannotRead(path: string, { code, message }: NodeJS.ErrnoException): never {
  throw new OperatorError('LB_FILE', `${path} cannot be read: ${code ?? message}`)
}

class FoundFiles implements DumpFiles {
  readonly files: DumpFile[] = []
  readonly logs: string[] = []
  own = false
  #bytes = 0

  /** Whether the file is one to read. */
  passes(name: string, source: string): boolean {
    if (name === OWN_MARK) this.own = true
    if (!/^[^.].*\.csv(\.(gz|zst|xz|bz2))?$/.test(name)) return false
    if (!/^(auditlog|eventlog)\./.test(name)) return true
    this.logs.push(source)
    return false
  }

  add(name: string, source: string, bytes: Buffer): void {
    const table = name.split('.')[0] ?? ''
    const other = this.files.find((file) => file.table === table)
    if (other) throw new OperatorError('LB_FILE', `${other.source} and ${source} are both table ${table}`)
    this.#bytes += bytes.length
    if (this.#bytes > DUMP_LIMITS.unpackedBytes || this.files.length >= DUMP_LIMITS.files)
      throw new OperatorError(
        'LB_FILE',
        `the dump is larger than ${DUMP_LIMITS.unpackedBytes / 1024 / 1024} MiB, or has more than ${DUMP_LIMITS.files} files`,
      )
    this.files.push({ table, source, text: decode(bytes) })
  }
}

/** xCAT keeps whatever bytes it was given; what is not UTF-8 is the old one-byte code, in which every byte is a character. */
function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return new TextDecoder('latin1').decode(bytes)
  }
}
