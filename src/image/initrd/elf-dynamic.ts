/** What a program needs to be started (System V ABI, "Dynamic Linking"): its loader and its libraries, by name. */
import { parseElf } from './elf.ts'

export interface DynamicFacts {
  /** PT_INTERP; undefined: none is needed. */
  readonly interpreter: string | undefined
  /** DT_NEEDED, in order. */
  readonly needed: readonly string[]
}

const PT_LOAD = 1
const PT_DYNAMIC = 2
const PT_INTERP = 3
const DT_NEEDED = 1n
const DT_STRTAB = 5n

interface Segment {
  readonly type: number
  readonly offset: number
  readonly address: bigint
  readonly size: number
}

/** undefined: not a 64-bit ELF file. */
export function parseDynamic(bytes: Buffer): DynamicFacts | undefined {
  const elf = parseElf(bytes)
  if (elf?.is64Bit !== true || bytes.length < 64) return undefined
  const big = (at: number) => (elf.isLittleEndian ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at))
  const word = (at: number) => (elf.isLittleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at))
  const half = (at: number) => (elf.isLittleEndian ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at))
  const text = (at: number) => bytes.toString('latin1', at, Math.max(at, bytes.indexOf(0, at)))
  try {
    const table = Number(big(32))
    const segments: Segment[] = []
    for (let index = 0; index < half(56); index++) {
      const at = table + index * half(54)
      segments.push({ type: word(at), offset: Number(big(at + 8)), address: big(at + 16), size: Number(big(at + 32)) })
    }
    const of = (type: number) => segments.find((segment) => segment.type === type)
    const interp = of(PT_INTERP)
    const dynamic = of(PT_DYNAMIC)
    const entries: (readonly [tag: bigint, value: bigint])[] = []
    for (let at = dynamic?.offset ?? 0; dynamic && at + 16 <= dynamic.offset + dynamic.size; at += 16)
      entries.push([big(at), big(at + 8)])
    const strings = entries.find(([tag]) => tag === DT_STRTAB)?.[1]
    const home = segments.find(
      ({ type, address, size }) =>
        type === PT_LOAD && strings !== undefined && strings >= address && strings < address + BigInt(size),
    )
    const start = home && strings !== undefined ? home.offset + Number(strings - home.address) : 0
    return {
      interpreter: interp && text(interp.offset),
      needed: entries.flatMap(([tag, value]) => (tag === DT_NEEDED && home ? [text(start + Number(value))] : [])),
    }
  } catch (error) {
    // Numbers that lead out of the file.
    if (error instanceof RangeError) return undefined
    throw error
  }
}
