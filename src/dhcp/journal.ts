/**
 * The lease journal: an append-only text file, one checksummed record a line.
 *
 * `<crc32, 8 hex> <kind> <ip> <expiresAtMs> <client> <hostname>`. A line that does not check is skipped (a torn last line
 * after a crash, a flipped bit); opening always rewrites the file, so nothing is ever appended behind a torn line.
 * Appends are committed in groups: while one fsync runs, the records that arrive meanwhile form the next group.
 */
import { type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { limits } from './limits.ts'

export interface JournalRecord {
  /** `bind`: the client has the address until expiresAtMs; `free`: released; `decline`: kept back until expiresAtMs. */
  readonly kind: 'bind' | 'free' | 'decline'
  readonly ip: string
  readonly expiresAtMs: number
  readonly client: string
  readonly hostname: string
}

export interface Journal {
  /** Resolves when the record is on disk; rejects when it could not be written (then nothing may be promised). */
  append(record: JournalRecord): Promise<void>
  readonly pending: number
  readonly counters: { readonly records: number; readonly commits: number; readonly compactions: number }
  close(): Promise<void>
}

export interface OpenedJournal {
  readonly journal: Journal
  readonly records: readonly JournalRecord[]
  /** Lines that did not check. */
  readonly badLines: number
}

/** What the file operations of a journal are: replaced in tests to make the disk fail. */
export interface JournalDisk {
  read(file: string): Promise<string>
  /** Writes a whole new file durably and atomically in place of `file`. */
  replace(file: string, text: string): Promise<void>
  /** Opens for appending; `write` returns after fsync. */
  openAppend(file: string): Promise<{ write(text: string): Promise<void>; close(): Promise<void> }>
}

/** `living` lists the records worth keeping, for compaction. */
export async function openJournal(
  file: string,
  living: (records: readonly JournalRecord[]) => () => Iterable<JournalRecord>,
  disk: JournalDisk = realDisk,
): Promise<OpenedJournal> {
  const text = await disk.read(file)
  const records: JournalRecord[] = []
  let badLines = 0
  for (const line of text.split('\n')) {
    if (line === '') continue
    const record = parseRecord(line)
    if (record) records.push(record)
    else badLines += 1
  }
  const journal = new FileJournal(file, living(records), disk)
  await journal.compact()
  return { journal, records, badLines }
}

class FileJournal implements Journal {
  readonly #file: string
  readonly #living: () => Iterable<JournalRecord>
  readonly #disk: JournalDisk
  #handle: { write(text: string): Promise<void>; close(): Promise<void> } | undefined
  #waiting: { readonly line: string; resolve(): void; reject(error: unknown): void }[] = []
  #running: Promise<void> | undefined
  #fileRecords = 0
  #livingRecords = 0
  #fileBytes = 0
  #commits = 0
  #compactions = 0
  #written = 0

  constructor(file: string, living: () => Iterable<JournalRecord>, disk: JournalDisk) {
    this.#file = file
    this.#living = living
    this.#disk = disk
  }

  get pending(): number {
    return this.#waiting.length
  }

  get counters(): Journal['counters'] {
    return { records: this.#written, commits: this.#commits, compactions: this.#compactions }
  }

  append(record: JournalRecord): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line: renderRecord(record), resolve, reject })
      this.#running ??= this.#run()
    })
  }

  async close(): Promise<void> {
    await this.#running
    await this.#handle?.close()
    this.#handle = undefined
  }

  async #run(): Promise<void> {
    // One turn of the event loop later: the datagrams already in the socket's queue join the first group.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      try {
        await this.#commit(group.map(({ line }) => line).join(''), group.length)
        for (const { resolve } of group) resolve()
      } catch (error) {
        await this.#abandonHandle()
        for (const { reject } of group) reject(error)
      }
    }
    this.#running = undefined
  }

  async #commit(text: string, records: number): Promise<void> {
    const dead = this.#fileRecords - this.#livingRecords
    const tooMany = this.#fileRecords > limits.journalRecords && this.#fileRecords > 4 * this.#livingRecords
    const tooLarge = this.#fileBytes > limits.journalBytes && dead > this.#livingRecords
    // After a failed write the end of the file is unknown: it is written anew, which also repairs a full disk.
    // The group itself is written behind the compacted part: memory may already be ahead of it (a later release), and then
    // replaying it in order still ends in the right state.
    if (!this.#handle || tooMany || tooLarge) await this.compact()
    await this.#handle!.write(text)
    this.#fileRecords += records
    this.#fileBytes += text.length
    this.#written += records
    this.#commits += 1
  }

  async compact(): Promise<void> {
    await this.#abandonHandle()
    const lines: string[] = []
    for (const record of this.#living()) lines.push(renderRecord(record))
    const text = lines.join('')
    await this.#disk.replace(this.#file, text)
    this.#handle = await this.#disk.openAppend(this.#file)
    this.#fileRecords = lines.length
    this.#livingRecords = lines.length
    this.#fileBytes = text.length
    this.#compactions += 1
  }

  async #abandonHandle(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    // The write error is what counts; a close error after it says nothing new.
    await handle?.close().catch(() => undefined)
  }
}

export function renderRecord(record: JournalRecord): string {
  const body = `${record.kind} ${record.ip} ${record.expiresAtMs} ${record.client || '-'} ${record.hostname || '-'}`
  return `${checksum(body)} ${body}\n`
}

export function parseRecord(line: string): JournalRecord | undefined {
  const body = line.slice(9)
  if (line[8] !== ' ' || line.slice(0, 8) !== checksum(body)) return undefined
  const [kind, ip, expires, client, hostname, extra] = body.split(' ')
  if (kind !== 'bind' && kind !== 'free' && kind !== 'decline') return undefined
  if (!ip || !expires || !client || !hostname || extra !== undefined) return undefined
  const expiresAtMs = Number(expires)
  if (!Number.isSafeInteger(expiresAtMs)) return undefined
  return { kind, ip, expiresAtMs, client: client === '-' ? '' : client, hostname: hostname === '-' ? '' : hostname }
}

function checksum(body: string): string {
  return crc32(body).toString(16).padStart(8, '0')
}

const realDisk: JournalDisk = {
  async read(file) {
    try {
      return await readFile(file, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
      throw error
    }
  },
  async replace(file, text) {
    await mkdir(dirname(file), { recursive: true })
    const temporary = `${file}.new`
    const handle = await open(temporary, 'w', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
    await syncDirectory(dirname(file))
  },
  async openAppend(file) {
    const handle = await open(file, 'a', 0o600)
    return {
      async write(text) {
        await writeAll(handle, text)
        await handle.datasync()
      },
      close: () => handle.close(),
    }
  },
}

async function writeAll(handle: FileHandle, text: string): Promise<void> {
  const bytes = Buffer.from(text)
  let at = 0
  while (at < bytes.length) at += (await handle.write(bytes, at)).bytesWritten
}

/** A rename is durable only when the directory is. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
