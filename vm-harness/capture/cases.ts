/** What is captured: the ways of the matrix, and how far each machine has to come before it may be switched off. */
import { FIRMWARE } from '../firmware.ts'
import type { Arch } from '../matrix/site.ts'
import { WAYS, type Way } from '../matrix/ways.ts'
import type { CapturedRequest } from './requests.ts'

export interface Case {
  readonly way: Way
  /** `files`: kernel and initrd were asked for; `system`: it runs, so that the initrd's requests are among them. */
  readonly until: 'files' | 'system'
}

const TO_THE_SYSTEM: readonly string[] = ['bios-ipxe', 'petitboot']
/** What the others show already, with the kernel handed over by the emulator. */
const asksForNothing = ({ firmware, loader }: Way) => FIRMWARE[firmware].handed && loader === undefined

export const CASES: readonly Case[] = WAYS.filter((way) => !asksForNothing(way)).map((way) => ({
  ...{ way, until: TO_THE_SYSTEM.includes(way.name) ? 'system' : 'files' },
}))

/** @param words names of cases; none: all of x86_64 and ppc64le */
export function chosenCases(arch: Arch, words: readonly string[]): readonly Case[] {
  const strange = words.find((word) => !CASES.some(({ way }) => way.name === word))
  if (strange !== undefined) throw new Error(`${strange}: the cases are ${CASES.map(({ way }) => way.name).join(', ')}`)
  const ofArch = CASES.filter(({ way }) => FIRMWARE[way.firmware].arch === arch)
  return words.length > 0 ? ofArch.filter(({ way }) => words.includes(way.name)) : ofArch
}

/** Both were asked for, by whatever protocol. */
export function hasAskedForFiles(requests: readonly CapturedRequest[]): boolean {
  const asked = (pattern: RegExp) => requests.some(({ asks }) => pattern.test(asks))
  return asked(/\/kernel(\.gz)?$/) && asked(/\/initrd/)
}
