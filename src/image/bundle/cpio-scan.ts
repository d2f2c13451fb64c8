/**
 * A look through a newc archive before cpio(1) unpacks it into an empty directory: no name may leave that directory, none may
 * lead through a link of the archive, none may come twice. What passes cannot write anywhere else.
 */

export class CpioFault extends Error {}

export interface CpioFacts {
  readonly entries: number
  readonly dataBytes: number
  /** The directory itself, when it is in the archive. */
  readonly top?: { readonly mode: number; readonly uid: number; readonly gid: number; readonly mtimeSeconds: number }
}

const HEADER_BYTES = 110
const NAME_LIMIT = 4096
/** A root file system has some hundred thousand. */
const ENTRY_LIMIT = 5_000_000
const TRAILER = 'TRAILER!!!'
const KIND = 0o170000
const DIRECTORY = 0o040000
const DEVICES = [0o020000, 0o060000]

/** @throws CpioFault with what is wrong first */
export async function scanCpio(source: AsyncIterable<Buffer>): Promise<CpioFacts> {
  const names = new Names()
  let dataBytes = 0
  let top: CpioFacts['top']
  let pending: Buffer = Buffer.alloc(0)
  /** Bytes of file content that still pass by. */
  let skip = 0
  for await (const chunk of source) {
    let bytes = chunk
    if (skip > 0) {
      const passed = Math.min(skip, bytes.length)
      skip -= passed
      bytes = bytes.subarray(passed)
    }
    pending = pending.length === 0 ? bytes : Buffer.concat([pending, bytes])
    for (;;) {
      const entry = readEntry(pending)
      if (entry === undefined) break
      if (entry.name === TRAILER) return { entries: names.count, dataBytes, ...(top ? { top } : {}) }
      names.add(entry.name, entry.mode)
      if (entry.name === '.' || entry.name === './') {
        const { mode, uid, gid, mtimeSeconds } = entry
        top = { mode: mode & 0o7777, uid, gid, mtimeSeconds }
      }
      dataBytes += entry.size
      const end = entry.end + entry.size + (-entry.size & 3)
      skip = Math.max(0, end - pending.length)
      pending = pending.subarray(Math.min(end, pending.length))
    }
  }
  throw new CpioFault('the tree is cut short')
}

interface Entry {
  readonly name: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly mtimeSeconds: number
  readonly size: number
  /** Where the content begins. */
  readonly end: number
}

/** undefined: not whole yet. */
function readEntry(bytes: Buffer): Entry | undefined {
  if (bytes.length < HEADER_BYTES) return undefined
  const header = bytes.toString('latin1', 0, HEADER_BYTES)
  if (!/^07070[12][0-9a-fA-F]{104}$/.test(header)) throw new CpioFault('the tree is no newc archive, or it is damaged')
  const field = (index: number) => Number.parseInt(header.slice(6 + index * 8, 14 + index * 8), 16)
  const nameSize = field(11)
  if (nameSize < 1 || nameSize > NAME_LIMIT) throw new CpioFault('a name in the tree is too long')
  const end = (HEADER_BYTES + nameSize + 3) & ~3
  if (bytes.length < end) return undefined
  // Latin-1: one letter for each byte, so that no two names become one.
  const name = bytes.toString('latin1', HEADER_BYTES, HEADER_BYTES + nameSize - 1)
  if (bytes[HEADER_BYTES + nameSize - 1] !== 0 || name.includes('\0'))
    throw new CpioFault('a name in the tree is damaged')
  return { name, mode: field(1), uid: field(2), gid: field(3), mtimeSeconds: field(5), size: field(6), end }
}

class Names {
  readonly #directories = new Set<string>()
  readonly #others = new Set<string>()

  get count(): number {
    return this.#directories.size + this.#others.size
  }

  add(written: string, mode: number): void {
    if (this.count >= ENTRY_LIMIT) throw new CpioFault('the tree has too many entries')
    const name = written === './' ? '.' : written.replace(/^\.\//, '')
    const isDirectory = (mode & KIND) === DIRECTORY
    if (name === '.' && isDirectory) return
    const parts = name.split('/')
    const shown = JSON.stringify(written)
    if (parts.some((part) => part === '' || part === '.' || part === '..'))
      throw new CpioFault(`the name ${shown} leaves the tree`)
    for (let cut = name.indexOf('/'); cut !== -1; cut = name.indexOf('/', cut + 1))
      if (this.#others.has(name.slice(0, cut)))
        throw new CpioFault(`the name ${shown} leads through something that is no directory`)
    if (DEVICES.includes(mode & KIND) && parts[0] !== 'dev') throw new CpioFault(`${shown} is a device outside of /dev`)
    if (this.#others.has(name) || (!isDirectory && this.#directories.has(name)))
      throw new CpioFault(`the name ${shown} comes twice`)
    ;(isDirectory ? this.#directories : this.#others).add(name)
  }
}
