/** Just enough ELF (System V ABI, "Object Files"): machine, whether an interpreter is needed, and a module's .modinfo. */

export interface ElfFacts {
  readonly machine: number
  readonly is64Bit: boolean
  readonly isLittleEndian: boolean
  /** Has PT_INTERP: needs a dynamic loader. */
  readonly needsInterpreter: boolean
}

export const PT_INTERP = 3

/** Number reader in the file's own byte order; undefined beyond the end. */
class ElfReader {
  readonly bytes: Buffer
  readonly is64Bit: boolean
  readonly isLittleEndian: boolean

  constructor(bytes: Buffer) {
    this.bytes = bytes
    this.is64Bit = bytes[4] === 2
    this.isLittleEndian = bytes[5] === 1
  }

  half(at: number): number | undefined {
    if (at + 2 > this.bytes.length) return undefined
    return this.isLittleEndian ? this.bytes.readUInt16LE(at) : this.bytes.readUInt16BE(at)
  }

  word(at: number): number | undefined {
    if (at + 4 > this.bytes.length) return undefined
    return this.isLittleEndian ? this.bytes.readUInt32LE(at) : this.bytes.readUInt32BE(at)
  }

  /** An address or offset: 4 or 8 bytes. */
  offset(at: number): number | undefined {
    if (!this.is64Bit) return this.word(at)
    if (at + 8 > this.bytes.length) return undefined
    return Number(this.isLittleEndian ? this.bytes.readBigUInt64LE(at) : this.bytes.readBigUInt64BE(at))
  }
}

function openElf(bytes: Buffer): ElfReader | undefined {
  const isElf = bytes.length >= 52 && bytes.toString('latin1', 0, 4) === '\x7fELF'
  return isElf && (bytes[4] === 1 || bytes[4] === 2) && (bytes[5] === 1 || bytes[5] === 2)
    ? new ElfReader(bytes)
    : undefined
}

export function parseElf(bytes: Buffer): ElfFacts | undefined {
  const elf = openElf(bytes)
  const machine = elf?.half(18)
  if (elf === undefined || machine === undefined) return undefined
  const tableAt = elf.offset(elf.is64Bit ? 32 : 28) ?? 0
  const entrySize = elf.half(elf.is64Bit ? 54 : 42) ?? 0
  const count = elf.half(elf.is64Bit ? 56 : 44) ?? 0
  let needsInterpreter = false
  for (let index = 0; index < count; index++)
    if (elf.word(tableAt + index * entrySize) === PT_INTERP) needsInterpreter = true
  return { machine, is64Bit: elf.is64Bit, isLittleEndian: elf.isLittleEndian, needsInterpreter }
}

/** `key=value` strings of a kernel module's .modinfo section, in order; empty when there is none. */
export function parseModinfo(bytes: Buffer): [key: string, value: string][] {
  const section = findSection(bytes, '.modinfo')
  if (section === undefined) return []
  const pairs: [string, string][] = []
  for (const text of section.toString('latin1').split('\0')) {
    const cut = text.indexOf('=')
    if (cut > 0) pairs.push([text.slice(0, cut), text.slice(cut + 1)])
  }
  return pairs
}

function findSection(bytes: Buffer, wanted: string): Buffer | undefined {
  const elf = openElf(bytes)
  if (elf === undefined) return undefined
  const tableAt = elf.offset(elf.is64Bit ? 40 : 32) ?? 0
  const entrySize = elf.half(elf.is64Bit ? 58 : 46) ?? 0
  const count = elf.half(elf.is64Bit ? 60 : 48) ?? 0
  const namesIndex = elf.half(elf.is64Bit ? 62 : 50) ?? 0
  const sectionAt = (index: number): readonly [number, number] | undefined => {
    const at = tableAt + index * entrySize
    const start = elf.offset(at + (elf.is64Bit ? 24 : 16))
    const size = elf.offset(at + (elf.is64Bit ? 32 : 20))
    return start === undefined || size === undefined ? undefined : [start, start + size]
  }
  const names = sectionAt(namesIndex)
  if (names === undefined) return undefined
  for (let index = 0; index < count; index++) {
    const nameAt = names[0] + (elf.word(tableAt + index * entrySize) ?? 0)
    const name = bytes.toString('latin1', nameAt, nameAt + wanted.length + 1)
    const range = name === `${wanted}\0` ? sectionAt(index) : undefined
    if (range !== undefined) return bytes.subarray(...range)
  }
  return undefined
}
