/** A 32-bit PowerPC object file as GRUB's network driver for Open Firmware is one, as far as anybody looks at it. */

interface Call {
  readonly at: number
  readonly symbol: string
  readonly type?: 'high'
  readonly addend?: number
}

const R_PPC_ADDR16_HA = 6
const R_PPC_REL24 = 10

/** Calls in the function that looks for cards (0x100 to 0x200), before it and behind it. */
export function encodeNetworkDriver(facts: { readonly mallocs: number; readonly isPatched: boolean }): Buffer {
  const inSearch = Array.from({ length: facts.mallocs }, (_, index) => ({
    at: 0x110 + index * 16,
    symbol: 'grub_malloc',
  }))
  return encodeObject({
    name: 'ofnet',
    strings: facts.isPatched ? 'overflow detected while obatining size of ofdata path\0' : 'network\0',
    functions: { grub_mod_init: 0x200 },
    calls: [
      { at: 0x40, symbol: 'grub_malloc' },
      ...inSearch,
      { at: 0x202, symbol: '.text', type: 'high', addend: 0x100 },
      { at: 0x208, symbol: 'grub_ieee1275_devices_iterate' },
      { at: 0x210, symbol: '.text', type: 'high', addend: 0x60 },
      { at: 0x220, symbol: 'grub_malloc' },
    ],
  })
}

export function encodeObject(facts: {
  readonly name: string
  readonly strings: string
  readonly functions: Readonly<Record<string, number>>
  readonly calls: readonly Call[]
}): Buffer {
  const symbols: { name: string; value: number; info: number; section: number }[] = [
    { name: '', value: 0, info: 0, section: 0 },
    { name: '', value: 0, info: 3, section: 1 },
  ]
  const symbolOf = (name: string) => {
    if (name === '.text') return 1
    const known = symbols.findIndex((each) => each.name === name)
    if (known > 0) return known
    symbols.push({ name, value: 0, info: 0x10, section: 0 })
    return symbols.length - 1
  }
  for (const [name, value] of Object.entries(facts.functions)) symbols.push({ name, value, info: 2, section: 1 })
  const rela = Buffer.concat(
    facts.calls.map(({ at, symbol, type, addend = 0 }) =>
      words(at, (symbolOf(symbol) << 8) | (type === 'high' ? R_PPC_ADDR16_HA : R_PPC_REL24), addend),
    ),
  )
  const names = new Names()
  const table = Buffer.concat(
    symbols.map(({ name, value, info, section }) =>
      Buffer.concat([words(names.add(name), value, 0), Buffer.from([info, 0, 0, section])]),
    ),
  )
  const sectionNames = new Names()
  const sections = [
    { name: '', type: 0, data: Buffer.alloc(0), link: 0, info: 0 },
    { name: '.text', type: 1, data: Buffer.alloc(0x240), link: 0, info: 0 },
    { name: '.rela.text', type: 4, data: rela, link: 4, info: 1 },
    { name: '.rodata.str1.1', type: 1, data: Buffer.from(facts.strings), link: 0, info: 0 },
    { name: '.symtab', type: 2, data: table, link: 5, info: 0 },
    { name: '.strtab', type: 3, data: names.bytes(), link: 0, info: 0 },
    { name: '.modname', type: 1, data: Buffer.from(`${facts.name}\0`), link: 0, info: 0 },
    { name: '.shstrtab', type: 3, data: Buffer.alloc(0), link: 0, info: 0 },
  ]
  const named = sections.map((section) => ({ ...section, nameAt: sectionNames.add(section.name) }))
  const bodies = named.map(({ name, data }) => (name === '.shstrtab' ? sectionNames.bytes() : data))
  let at = 52
  const headers = named.map(({ nameAt, type, link, info }, index) => {
    const size = bodies[index]?.length ?? 0
    const header = words(nameAt, type, 0, 0, at, size, link, info, 1, 0)
    at += size
    return header
  })
  const head = Buffer.alloc(52)
  head.write('\x7fELF\x01\x02\x01', 0, 'latin1')
  head.writeUInt16BE(1, 16)
  head.writeUInt16BE(20, 18)
  head.writeUInt32BE(at, 32)
  head.writeUInt16BE(40, 46)
  head.writeUInt16BE(sections.length, 48)
  head.writeUInt16BE(sections.length - 1, 50)
  return Buffer.concat([head, ...bodies, ...headers])
}

/** Modules in a program, as grub-mkimage puts them (include/grub/kernel.h). */
export function encodeProgram(modules: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(64)
  head.write('\x7fELF\x01\x02\x01', 0, 'latin1')
  head.writeUInt16BE(20, 18)
  const body = Buffer.concat(modules.map((module) => Buffer.concat([words(0, module.length + 8), module])))
  return Buffer.concat([head, words(0x676d696d, 12, body.length + 12), body])
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, index) => {
    bytes.writeUInt32BE(value >>> 0, index * 4)
  })
  return bytes
}

class Names {
  #text = '\0'
  add(name: string): number {
    if (name === '') return 0
    const at = this.#text.length
    this.#text += `${name}\0`
    return at
  }
  bytes(): Buffer {
    return Buffer.from(this.#text)
  }
}
