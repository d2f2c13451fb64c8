/**
 * How petitboot reads a configuration in the form of pxelinux, written from its documented and observed behaviour: keywords
 * in any case; a value is the rest of its line without blanks and quotes at its ends; `default` names the entry to boot, in
 * its absence the first is; an `initrd=` among the arguments is the initrd and stays an argument; of IPAPPEND only bit 2
 * counts (BOOTIF); names are relative to the configuration's URL; LOCALBOOT, TIMEOUT and PROMPT mean nothing to it.
 */
export interface PetitbootEntry {
  readonly label: string
  /** Absolute URL. */
  readonly kernel: string
  readonly initrd: string | undefined
  readonly commandLine: string
  /** petitboot adds `BOOTIF=01-<mac>`. */
  readonly addsBootif: boolean
}

export interface PetitbootConfig {
  readonly entries: readonly PetitbootEntry[]
  /** What is booted after the countdown; undefined: nothing here. */
  readonly chosen: PetitbootEntry | undefined
}

interface Draft {
  label: string
  kernel?: string
  initrd?: string
  append?: string
  ipappend?: number
}

/** @param url where the text came from */
export function readPetitbootConfig(text: string, url: string): PetitbootConfig {
  let wanted: string | undefined
  const drafts: Draft[] = []
  for (const line of text.split('\n')) {
    const [, keyword = '', rest = ''] = /^\s*([^\s#]\S*)\s*(.*)$/s.exec(line) ?? []
    const value = rest.replace(/^[\s"']+|[\s"']+$/g, '')
    const word = keyword.toLowerCase()
    if (word === 'default') wanted = value
    else if (word === 'label') drafts.push({ label: value })
    const draft = drafts.at(-1)
    if (draft === undefined) continue
    if (word === 'kernel' || word === 'linux') draft.kernel = value
    else if (word === 'initrd') draft.initrd = value
    else if (word === 'append') draft.append = value
    else if (word === 'ipappend' || word === 'sysappend') draft.ipappend = Number.parseInt(value, 10)
  }
  const entries = drafts.flatMap((draft) => entryOf(draft, url))
  return { entries, chosen: entries.find(({ label }) => label === wanted) ?? entries[0] }
}

/** An entry without a kernel is none. */
function entryOf({ label, kernel, initrd, append = '', ipappend = 0 }: Draft, url: string): PetitbootEntry[] {
  if (kernel === undefined || kernel === '') return []
  const among = /(?:^|\s)initrd=(\S+)/.exec(append)?.[1]
  const file = initrd ?? among
  return [
    {
      label,
      kernel: new URL(kernel, url).href,
      initrd: file === undefined ? undefined : new URL(file, url).href,
      commandLine: append,
      addsBootif: (ipappend & 2) !== 0,
    },
  ]
}
