/** Relocations and functions of a 32-bit big-endian PowerPC object file, which is what GRUB's modules are (System V ABI). */

export interface Relocation {
  /** Name of the section it is in. */
  readonly section: string
  readonly at: number
  /** `high`: upper half of an address (R_PPC_ADDR16_HA). */
  readonly type: 'high' | 'other'
  /** Name of the symbol, or of the section it stands for. */
  readonly symbol: string
  readonly addend: number
}

export interface Elf32 {
  /** In the order of their places. */
  readonly relocations: readonly Relocation[]
  /** Where named functions begin in .text. */
  readonly functions: readonly number[]
  readonly sections: ReadonlyMap<string, Buffer>
}

const EM_PPC = 20
const SHT_RELA = 4
const SHT_SYMTAB = 2
const STT_SECTION = 3
const R_PPC_ADDR16_HA = 6

interface Section {
  readonly name: string
  readonly type: number
  readonly link: number
  readonly info: number
  readonly data: Buffer
}

/** undefined: not such a file, or a damaged one. */
export function readElf32(bytes: Buffer): Elf32 | undefined {
  const isOurs = bytes.length >= 52 && bytes.toString('latin1', 0, 6) === '\x7fELF\x01\x02'
  if (!isOurs || bytes.readUInt16BE(18) !== EM_PPC) return undefined
  try {
    return readSections(bytes)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function readSections(bytes: Buffer): Elf32 | undefined {
  const tableAt = bytes.readUInt32BE(32)
  const entrySize = bytes.readUInt16BE(46)
  const count = bytes.readUInt16BE(48)
  const word = (index: number, field: number) => bytes.readUInt32BE(tableAt + index * entrySize + field * 4)
  const dataOf = (index: number) => bytes.subarray(word(index, 4), word(index, 4) + word(index, 5))
  const names = dataOf(bytes.readUInt16BE(50))
  const sections: Section[] = []
  for (let index = 0; index < count; index++)
    sections.push({
      name: textAt(names, word(index, 0)),
      type: word(index, 1),
      link: word(index, 6),
      info: word(index, 7),
      data: dataOf(index),
    })
  const symbolTable = sections.find(({ type }) => type === SHT_SYMTAB)
  if (symbolTable === undefined) return undefined
  const symbols = readSymbols(symbolTable, sections)
  const relocations = sections
    .filter(({ type }) => type === SHT_RELA)
    .flatMap((section) => readRelocations(section, sections[section.info]?.name ?? '', symbols))
    .sort((a, b) => a.at - b.at)
  const functions = symbols
    .filter(({ section, name }) => section === '.text' && name !== '.text')
    .map(({ value }) => value)
  return { relocations, functions, sections: new Map(sections.map(({ name, data }) => [name, data])) }
}

interface Symbol32 {
  readonly name: string
  readonly value: number
  readonly section: string | undefined
}

function readSymbols({ data, link }: Section, sections: readonly Section[]): Symbol32[] {
  const names = sections[link]?.data ?? Buffer.alloc(0)
  return Array.from({ length: Math.floor(data.length / 16) }, (_, index) => {
    const at = index * 16
    const section = sections[data.readUInt16BE(at + 14)]?.name
    const isSection = ((data[at + 12] ?? 0) & 0xf) === STT_SECTION
    const name = isSection ? (section ?? '') : textAt(names, data.readUInt32BE(at))
    return { name, value: data.readUInt32BE(at + 4), section }
  })
}

function readRelocations({ data }: Section, section: string, symbols: readonly Symbol32[]): Relocation[] {
  return Array.from({ length: Math.floor(data.length / 12) }, (_, index) => {
    const info = data.readUInt32BE(index * 12 + 4)
    return {
      section,
      at: data.readUInt32BE(index * 12),
      type: (info & 0xff) === R_PPC_ADDR16_HA ? 'high' : 'other',
      symbol: symbols[info >>> 8]?.name ?? '',
      addend: data.readInt32BE(index * 12 + 8),
    }
  })
}

function textAt(bytes: Buffer, at: number): string {
  const end = bytes.indexOf(0, at)
  return bytes.toString('latin1', at, end < 0 ? bytes.length : end)
}
