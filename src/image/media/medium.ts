/**
 * Installation media: what they are, told from the few files at their top.
 *
 * Recognising is pure: files come in through `MediumFiles`, whether the medium is an ISO, a mount or a directory. Nothing
 * here copies, and nothing knows tables.
 */
import { canonicalArch } from '../../tables/os-names.ts'

export interface MediumFiles {
  /** Text of a file, its path relative to the top; undefined: there is none. */
  read(path: string): string | undefined
  /** Names in a directory, '' for the top; empty: there is none. */
  names(directory: string): readonly string[]
}

export type MediumFamily = 'rhel' | 'suse' | 'debian'

export interface Medium {
  readonly family: MediumFamily
  /** `rhels9.4`, `sle15.4`, `debian12.5`: osimage.osvers. */
  readonly osvers: string
  /** As xCAT writes it (`x86_64`, `ppc64le`); undefined: the medium does not say. */
  readonly arch: string | undefined
  /** undefined: the medium does not count its discs. */
  readonly discNumber: string | undefined
  /** SUSE: the directory below `<osvers>/<arch>` that this disc is copied to. */
  readonly slot: string | undefined
  /** A slot that is looked for as well, and becomes a link to this one. */
  readonly otherSlot?: string
  /** What to know about it, one sentence each. */
  readonly remarks: readonly string[]
}

/** One family's look at a medium: undefined, it is not one of theirs. */
export type Recognizer = (files: MediumFiles) => Medium | undefined

export function mediumArch(written: string | undefined): string | undefined {
  return written === undefined || written === '' ? undefined : canonicalArch(written)
}

/** `[section]` → key → value; what is no INI is empty. Keys and sections in lower case. */
export function parseTreeinfo(text: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const sections = new Map<string, Map<string, string>>()
  let section: Map<string, string> | undefined
  for (const raw of text.split('\n')) {
    const line = raw.trim()
    const heading = /^\[(.+)\]$/.exec(line)?.[1]?.toLowerCase()
    if (heading !== undefined) {
      section = sections.get(heading) ?? new Map()
      sections.set(heading, section)
      continue
    }
    const [, key, value] = /^([^=;#\s][^=]*?)\s*=\s*(.*)$/.exec(line) ?? []
    if (key !== undefined && value !== undefined) section?.set(key.toLowerCase(), value)
  }
  return sections
}
