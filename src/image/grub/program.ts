/** A GRUB program for Open Firmware (`core.elf`, xCAT's `grub2.ppc`), looked into: which modules it has, and its network driver. */
import { readFileSync } from 'node:fs'
import { readElf32 } from './elf32.ts'
import { judgeNetworkDriver, type NetworkDriver } from './network-driver.ts'

/** GRUB_MODULE_MAGIC (include/grub/kernel.h), then offset and size of all that follows. */
const MAGIC = 0x676d696d
const HEADER = 12
const OBJ_TYPE_ELF = 0

export interface GrubProgram {
  readonly modules: readonly string[]
  /** undefined: it has none inside, or none that can be judged. */
  readonly networkDriver: NetworkDriver | undefined
}

/** undefined: not such a program. */
export function readGrubProgram(bytes: Buffer): GrubProgram | undefined {
  const isPower =
    bytes.length > 52 && bytes.toString('latin1', 0, 6) === '\x7fELF\x01\x02' && bytes.readUInt16BE(18) === 20
  if (!isPower) return undefined
  const magic = Buffer.alloc(4)
  magic.writeUInt32BE(MAGIC)
  const at = bytes.indexOf(magic)
  if (at < 0 || at + HEADER > bytes.length) return undefined
  const end = Math.min(bytes.length, at + bytes.readUInt32BE(at + 8))
  const modules: string[] = []
  let networkDriver: NetworkDriver | undefined
  for (let place = at + bytes.readUInt32BE(at + 4); place + 8 <= end; ) {
    const size = bytes.readUInt32BE(place + 4)
    if (size < 8) break
    if (bytes.readUInt32BE(place) === OBJ_TYPE_ELF) {
      const module = bytes.subarray(place + 8, place + size)
      const name = readElf32(module)?.sections.get('.modname')?.toString('latin1').replace(/\0.*$/s, '')
      if (name !== undefined) modules.push(name)
      if (name === 'ofnet') networkDriver = judgeNetworkDriver(module)
    }
    place += size
  }
  return { modules, networkDriver }
}

/** The same, of a file; undefined also when it cannot be read. */
export function readGrubProgramFile(path: string): GrubProgram | undefined {
  try {
    return readGrubProgram(readFileSync(path))
  } catch {
    return undefined
  }
}
