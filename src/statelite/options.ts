/** litefile.options: the cell as stored, and the one spelling that everything after it sees. */

/** What an entry can be, as it stands in a plan. */
export const ENTRY_OPTIONS = [
  'tmpfs',
  'persistent',
  'localdisk',
  'con',
  'ro',
  'link',
  'link,ro',
  'link,con',
  'link,persistent',
] as const
export type EntryOption = (typeof ENTRY_OPTIONS)[number]

// xCAT tells the node `tmpfs,rw` for a blank cell, which acts as `link`, while its manual promises tmpfs. Here blank is tmpfs.
const OTHER_SPELLINGS: ReadonlyMap<string, EntryOption> = new Map([
  ['', 'tmpfs'],
  ['rw', 'tmpfs'],
  ['tempfs', 'tmpfs'],
  ['tmpfs,rw', 'link'],
])

export interface OptionFault {
  readonly message: string
  readonly advice: string
}

export function isEntryOption(text: string): text is EntryOption {
  return (ENTRY_OPTIONS as readonly string[]).includes(text)
}

/** Blanks around the cell are ignored; inside it they are an error, as any other unknown word. */
export function parseOption(stored: string): { readonly option: EntryOption } | { readonly fault: OptionFault } {
  const text = stored.trim()
  if (isEntryOption(text)) return { option: text }
  const option = OTHER_SPELLINGS.get(text)
  if (option !== undefined) return { option }
  return {
    fault: {
      message: `unknown option ${JSON.stringify(stored)}`,
      advice: `use one of ${ENTRY_OPTIONS.join(' ')} (blank and rw mean tmpfs; tmpfs,rw means link)`,
    },
  }
}

/** Shown through a symbolic link into /.statelite/tmpfs rather than a mount. */
export function isLinkOption(option: EntryOption): boolean {
  return option === 'link' || option.startsWith('link,')
}

export function isPersistentOption(option: EntryOption): boolean {
  return option === 'persistent' || option === 'link,persistent'
}

/** Pieces joined from the image and every tree: only files can be that. */
export function isConOption(option: EntryOption): boolean {
  return option === 'con' || option === 'link,con'
}
