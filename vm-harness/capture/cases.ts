/** What is captured: the ways of the matrix, and how far each machine has to come before it may be switched off. */
import { FIRMWARE } from '../firmware.ts'
import type { Arch } from '../matrix/site.ts'
import { WAYS, type Way } from '../matrix/ways.ts'
import type { CapturedRequest } from './requests.ts'

export interface Case {
  /** The way's, and of the file. */
  readonly name: string
  readonly way: Way
  /** `files`: kernel and initrd were asked for; `system`: it runs, so that the initrd's requests are among them. */
  readonly until: 'files' | 'system'
  /** Another server gives the addresses, this one is its ProxyDHCP server. */
  readonly isBeside: boolean
}

const TO_THE_SYSTEM: readonly string[] = ['bios-ipxe', 'petitboot']
/** Their firmware asks at port 4011 too, or goes by two offers. */
const BESIDE: readonly string[] = ['bios-ipxe', 'uefi-ipxe', 'uefi-http']
/** What the others show already, with the kernel handed over by the emulator. */
const asksForNothing = ({ firmware, loader }: Way) => FIRMWARE[firmware].handed && loader === undefined

const ALONE: readonly Case[] = WAYS.filter((way) => !asksForNothing(way)).map((way) => ({
  ...{ name: way.name, way, until: TO_THE_SYSTEM.includes(way.name) ? 'system' : 'files', isBeside: false },
}))
/** The last: the other server stays. */
export const CASES: readonly Case[] = [
  ...ALONE,
  ...ALONE.filter(({ name }) => BESIDE.includes(name)).map(
    (each): Case => ({ ...each, name: `${each.name}-proxy`, until: 'files', isBeside: true }),
  ),
]

/** @param words names of cases; none: all of this architecture */
export function chosenCases(arch: Arch, words: readonly string[]): readonly Case[] {
  const strange = words.find((word) => !CASES.some(({ name }) => name === word))
  if (strange !== undefined) throw new Error(`${strange}: the cases are ${CASES.map(({ name }) => name).join(', ')}`)
  const ofArch = CASES.filter(({ way }) => FIRMWARE[way.firmware].arch === arch)
  return words.length > 0 ? ofArch.filter(({ name }) => words.includes(name)) : ofArch
}

/** Both were asked for, by whatever protocol. */
export function hasAskedForFiles(requests: readonly CapturedRequest[]): boolean {
  const asked = (pattern: RegExp) => requests.some(({ asks }) => pattern.test(asks))
  return asked(/\/kernel(\.gz)?$/) && asked(/\/initrd/)
}
