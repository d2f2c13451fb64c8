/**
 * GRUB's network driver for Open Firmware (ofnet), and whether it is one of those that find no card.
 *
 * The security patch "net: Use safe math macros to prevent overflows" lost, in many distributions' packages of 2025 and
 * later, the line that allocates the path of the card (`ofdata->path = grub_malloc (sz)`); coreos/fedora-coreos-tracker 1886.
 * The function that looks for cards then calls grub_malloc twice, not three times, and the patch is known by its message.
 */
import { readElf32 } from './elf32.ts'

export type NetworkDriver = 'sound' | 'finds-no-card'

const SEARCH = 'grub_ieee1275_devices_iterate'
const MESSAGE = /overflow detected while [a-z]+ size of ofdata path/
/** The card's data, the property "compatible", the path. */
const MALLOCS = 3

/** @param bytes of ofnet.mod; undefined: not such a module */
export function judgeNetworkDriver(bytes: Buffer): NetworkDriver | undefined {
  const elf = readElf32(bytes)
  if (elf === undefined) return undefined
  const calls = elf.relocations.filter(({ section }) => section === '.text')
  const searchAt = calls.find(({ symbol }) => symbol === SEARCH)?.at
  if (searchAt === undefined) return undefined
  if (!MESSAGE.test(bytes.toString('latin1'))) return 'sound'
  // The function is handed over in a register, whose two halves are set just before the call.
  const start = calls
    .filter(({ at, symbol, type }) => at < searchAt && symbol === '.text' && type === 'high')
    .at(-1)?.addend
  if (start === undefined) return undefined
  const ends = [...elf.functions, searchAt].filter((at) => at > start)
  const end = Math.min(...ends)
  const mallocs = calls.filter(({ at, symbol }) => symbol === 'grub_malloc' && at >= start && at < end).length
  return mallocs < MALLOCS ? 'finds-no-card' : 'sound'
}
