/** The smallest ELF64 files that have what the readers look for. */

export function encodeElf(facts: {
  readonly machine: number
  readonly isLittleEndian?: boolean
  readonly interpreter?: boolean
  readonly modinfo?: Record<string, readonly string[]>
}): Buffer {
  const isLittle = facts.isLittleEndian ?? true
  const u16 = (bytes: Buffer, at: number, value: number) =>
    isLittle ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at)
  const u32 = (bytes: Buffer, at: number, value: number) =>
    isLittle ? bytes.writeUInt32LE(value, at) : bytes.writeUInt32BE(value, at)
  const u64 = (bytes: Buffer, at: number, value: number) =>
    isLittle ? bytes.writeBigUInt64LE(BigInt(value), at) : bytes.writeBigUInt64BE(BigInt(value), at)

  const names = Buffer.from('\0.modinfo\0.shstrtab\0')
  const strings = Object.entries(facts.modinfo ?? {}).flatMap(([key, values]) =>
    values.map((value) => `${key}=${value}\0`),
  )
  const modinfo = Buffer.from(strings.join(''))
  const header = Buffer.alloc(64)
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, isLittle ? 1 : 2, 1]).copy(header)
  const program = Buffer.alloc(facts.interpreter === true ? 56 : 0)
  if (program.length > 0) u32(program, 0, 3)
  const namesAt = 64 + program.length
  const modinfoAt = namesAt + names.length
  const sectionsAt = modinfoAt + modinfo.length
  u16(header, 16, 1)
  u16(header, 18, facts.machine)
  u64(header, 32, program.length > 0 ? 64 : 0)
  u64(header, 40, sectionsAt)
  u16(header, 54, 56)
  u16(header, 56, program.length > 0 ? 1 : 0)
  u16(header, 58, 64)
  u16(header, 60, 3)
  u16(header, 62, 2)
  const sections = Buffer.alloc(3 * 64)
  for (const [index, nameAt, at, size] of [
    [1, 1, modinfoAt, modinfo.length],
    [2, 10, namesAt, names.length],
  ] as const) {
    u32(sections, index * 64, nameAt)
    u64(sections, index * 64 + 24, at)
    u64(sections, index * 64 + 32, size)
  }
  return Buffer.concat([header, program, names, modinfo, sections])
}
