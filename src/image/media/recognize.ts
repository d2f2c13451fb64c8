/** What an administrator says of a medium, and what it says itself, put together. */
import { recognizeDebian } from './debian.ts'
import { type Medium, type MediumFamily, type MediumFiles, mediumArch, type Recognizer } from './medium.ts'
import { recognizeRhel } from './rhel.ts'
import { recognizeSuse } from './suse.ts'

const RECOGNIZERS: readonly Recognizer[] = [recognizeRhel, recognizeSuse, recognizeDebian]

export interface MediumRequest {
  /** `-n`: always wins. */
  readonly name?: string
  /** `-a`: must agree with what the medium says. */
  readonly arch?: string
}

export type Recognized =
  | { readonly medium: Medium & { readonly arch: string } }
  | { readonly problem: string; readonly advice: string }

/** What the medium says of itself. */
export function identifyMedium(files: MediumFiles): Medium | undefined {
  return RECOGNIZERS.flatMap((recognize) => recognize(files) ?? [])[0]
}

export function recognizeMedium(files: MediumFiles, request: MediumRequest): Recognized {
  const asked = mediumArch(request.arch)
  const found = identifyMedium(files)
  const osvers = request.name ?? found?.osvers
  if (osvers === undefined)
    return {
      problem: 'copycds could not identify the ISO supplied, you may wish to try -n <osver>',
      advice: 'Name the distribution with -n, for example -n rhels9.4, and its architecture with -a.',
    }
  const arch = found?.arch ?? asked
  if (asked !== undefined && arch !== asked)
    return { problem: `Requested distribution architecture ${asked}, but media is ${arch}`, advice: 'Leave -a out.' }
  if (arch === undefined)
    return {
      problem: 'the medium does not say for which architecture it is',
      advice: 'Name it with -a, for example -a ppc64le.',
    }
  const base = found ?? { family: familyOfName(osvers), discNumber: undefined, slot: undefined, remarks: [] }
  return { medium: { ...base, osvers, arch } }
}

/** A medium nobody knows, under a name somebody gave. */
function familyOfName(osvers: string): MediumFamily {
  if (/^(sles?|leap|opensuse)/.test(osvers)) return 'suse'
  return /^(debian|ubuntu)/.test(osvers) ? 'debian' : 'rhel'
}
