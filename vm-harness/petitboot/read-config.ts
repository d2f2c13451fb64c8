/**
 * How petitboot reads a configuration in the form of pxelinux, written from its documented and observed behaviour:
 *
 * - One keyword a line, in any case; the value is the rest of the line, without blanks and quotes at its ends (so a closing
 *   quote of its last word is lost). A line of one word is nothing, but for `initrd=FILE`; `#` begins a comment only as the
 *   first character of keyword or value.
 * - `DEFAULT` counts for the labels after it. Without one that matches nothing boots by itself: the entries are shown.
 * - `APPEND` may be there more than once and goes on; `initrd=FILE` anywhere in it is the initrd too, and stays an argument.
 *   IPAPPEND and SYSAPPEND add BOOTIF; other bits than 2 mean nothing.
 * - Names are relative to the configuration's URL, a slash in front or not; `::NAME` begins at the server's root; URLs are.
 * - LINUX, LOCALBOOT, TIMEOUT, PROMPT, INCLUDE, SAY mean nothing to it.
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
  isDefault: boolean
  kernel?: string
  initrd?: string
  readonly appended: string[]
  addsBootif: boolean
}

const stripped = (text: string) => text.replace(/^[\s"']+|[\s"']+$/g, '')

/** @returns keyword, upper case, and value; undefined: nothing on this line */
function pairOf(line: string): { keyword: string; value: string } | undefined {
  const text = stripped(line.replaceAll('\t', ' '))
  const [, word = '', rest] = /^([^ ]*)(?: (.*))?$/s.exec(text) ?? []
  const value = stripped(rest ?? '')
  if (value === '') return /^initrd=./i.test(word) ? { keyword: 'INITRD', value: word.slice(7) } : undefined
  if (word.startsWith('#') || value.startsWith('#')) return undefined
  return { keyword: stripped(word).toUpperCase(), value }
}

function join(name: string, url: string): string {
  if (name.includes('://')) return new URL(name).href
  if (/^::./.test(name)) return new URL(`/${name.slice(2).replace(/^\//, '')}`, url).href
  return new URL(name.replace(/^\/+/, ''), url).href
}

/** @param url where the text came from */
export function readPetitbootConfig(text: string, url: string): PetitbootConfig {
  let wanted: string | undefined
  const drafts: Draft[] = []
  for (const line of text.split('\n')) {
    const pair = pairOf(line)
    if (pair === undefined) continue
    const { keyword, value } = pair
    if (keyword === 'DEFAULT') wanted = value.toLowerCase()
    else if (keyword === 'LABEL')
      drafts.push({ label: value, isDefault: value.toLowerCase() === wanted, appended: [], addsBootif: false })
    else readInto(drafts.at(-1), keyword, value)
  }
  const entries = new Map(drafts.flatMap((draft) => entryOf(draft, url).map((entry) => [entry, draft.isDefault])))
  return { entries: [...entries.keys()], chosen: [...entries].find(([, isDefault]) => isDefault)?.[0] }
}

function readInto(draft: Draft | undefined, keyword: string, value: string): void {
  if (draft === undefined) return
  if (keyword === 'KERNEL') draft.kernel = value
  else if (keyword === 'INITRD') draft.initrd = value
  else if (keyword === 'APPEND') {
    draft.appended.push(value)
    const [, initrd] = /initrd=([^ ]*)/i.exec(value) ?? []
    if (initrd !== undefined) draft.initrd = initrd
  } else if ((keyword === 'IPAPPEND' || keyword === 'SYSAPPEND') && /^\d+$/.test(value) && (Number(value) & 2) !== 0) {
    draft.addsBootif = true
  }
}

/** An entry without a kernel is none. */
function entryOf({ label, kernel, initrd, appended, addsBootif }: Draft, url: string): PetitbootEntry[] {
  if (kernel === undefined) return []
  return [
    {
      ...{ label, kernel: join(kernel, url), commandLine: appended.join(' '), addsBootif },
      initrd: initrd === undefined ? undefined : join(initrd, url),
    },
  ]
}
