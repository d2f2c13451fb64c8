/**
 * The partition file of an image (linuximage.partitionfile): text → what is wanted, or every fault with its line. Pure.
 *
 * xCAT's format. What differs on purpose: only `clear=yes` clears, a GPT is always written (its partition names say what is
 * ours), percentages follow the parts before them, and a word that is not known is a fault instead of being skipped.
 */

export const LOCAL_FILE_SYSTEMS = ['ext4', 'xfs'] as const
export type LocalFileSystem = (typeof LOCAL_FILE_SYSTEMS)[number]

/** `20%` of the disk after the part before it, whole MiB from the start of the disk (`1-1024`), or what is `rest`. */
export type PartSize =
  | { readonly kind: 'percent'; readonly percent: number }
  | { readonly kind: 'range'; readonly startMiB: number; readonly endMiB: number }
  | { readonly kind: 'rest' }

export interface DiskSection {
  readonly device: string
  readonly clear: boolean
  readonly fstype: LocalFileSystem
  readonly parts: readonly PartSize[]
}

export interface PartitionFile {
  readonly enable: boolean
  readonly enablepart: boolean
  /** What partition names are made of instead of the image's name: images with the same label share the disk. */
  readonly label: string | undefined
  readonly disks: readonly DiskSection[]
  readonly localspace: { readonly device: string; readonly fstype: LocalFileSystem } | undefined
  readonly swaps: readonly string[]
}

export interface LineFault {
  readonly line: number
  readonly message: string
}

export interface ParsedPartitionFile {
  readonly file: PartitionFile
  readonly faults: readonly LineFault[]
  readonly warnings: readonly LineFault[]
}

const KEYS: Readonly<Record<string, readonly string[]>> = {
  '': ['enable', 'enablepart', 'label'],
  disk: ['dev', 'clear', 'ptype', 'fstype', 'parts'],
  localspace: ['dev', 'fstype'],
  swapspace: ['dev'],
}

interface Section {
  readonly name: string
  readonly line: number
  readonly values: Map<string, { readonly text: string; readonly line: number }>
}

export function parsePartitionFile(text: string): ParsedPartitionFile {
  const faults: LineFault[] = []
  const warnings: LineFault[] = []
  const sections = readSections(text, faults)
  const reader = new SectionReader(faults, warnings)
  const [globals] = sections
  const named = (name: string) => sections.filter((section) => section.name === name)
  const [local, second] = named('localspace')
  if (second) faults.push({ line: second.line, message: 'a second [localspace]: there is one place for local entries' })
  const file: PartitionFile = {
    enable: globals !== undefined && reader.yes(globals, 'enable'),
    enablepart: globals !== undefined && reader.yes(globals, 'enablepart'),
    label: globals && reader.label(globals),
    disks: named('disk').map((section) => reader.disk(section)),
    localspace: local && { device: reader.device(local), fstype: reader.fileSystem(local) },
    swaps: named('swapspace').map((section) => reader.device(section)),
  }
  if (file.disks.flatMap(({ parts }) => parts).length > MOST_PARTS)
    faults.push({ line: 0, message: `at most ${MOST_PARTS} parts on all disks together` })
  const devices = new Set<string>()
  for (const { device } of file.disks) {
    if (devices.has(device)) faults.push({ line: 0, message: `two [disk] sections for ${device}: write one` })
    devices.add(device)
  }
  return { file, faults: faults.sort((a, b) => a.line - b.line), warnings }
}

function readSections(text: string, faults: LineFault[]): Section[] {
  let section: Section = { name: '', line: 1, values: new Map() }
  const sections = [section]
  for (const [index, whole] of text.split(/\r?\n/).entries()) {
    const line = index + 1
    const content = whole.replace(/(^|\s)#.*$/, '').trim()
    if (content === '') continue
    const heading = /^\[\s*(\w+)\s*\]$/.exec(content)?.[1]
    const [, key = '', value = ''] = /^(\w+)\s*=\s*(.*)$/.exec(content) ?? []
    if (heading !== undefined) {
      if (heading === '' || KEYS[heading] === undefined)
        faults.push({ line, message: `there is no section [${heading}]: write [disk], [localspace] or [swapspace]` })
      section = { name: heading, line, values: new Map() }
      sections.push(section)
    } else if (key === '')
      faults.push({ line, message: `${JSON.stringify(content)} is neither key=value nor [section]` })
    else if (KEYS[section.name] === undefined) continue
    else if (!KEYS[section.name]?.includes(key)) faults.push({ line, message: unknownKey(key, section.name) })
    else if (section.values.has(key)) faults.push({ line, message: `${key} is given twice in one section` })
    else section.values.set(key, { text: value.trim(), line })
  }
  return sections
}

function unknownKey(key: string, section: string): string {
  const place = section === '' ? 'before the first section' : `in [${section}]`
  const known = (KEYS[section] ?? []).join(' ')
  const home = Object.entries(KEYS).find(([, keys]) => keys.includes(key))?.[0]
  return home === '' ? `${key} must stand before the first section` : `${key} is not known ${place}: one of ${known}`
}

/** Values with their rules; each fault is noted with its line and a harmless value goes on. */
class SectionReader {
  readonly #faults: LineFault[]
  readonly #warnings: LineFault[]

  constructor(faults: LineFault[], warnings: LineFault[]) {
    this.#faults = faults
    this.#warnings = warnings
  }

  /** Only the word yes is yes: xCAT wiped the disk for `clear=no`. */
  yes(section: Section, key: string): boolean {
    const found = section.values.get(key)
    if (found === undefined || found.text === '') return false
    const word = found.text.toLowerCase()
    if (word !== 'yes' && word !== 'no') this.#fault(found.line, `${key}=${found.text}: write yes or no`)
    return word === 'yes'
  }

  label(section: Section): string | undefined {
    const found = section.values.get('label')
    if (found === undefined || found.text === '') return undefined
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(found.text))
      this.#fault(found.line, `label ${found.text}: use letters, digits, . _ and -`)
    return found.text
  }

  device(section: Section): string {
    const found = section.values.get('dev')
    if (found === undefined || found.text === '') {
      this.#fault(section.line, `[${section.name}] has no dev=`)
      return ''
    }
    const fault = checkDevice(found.text)
    if (fault !== undefined) this.#fault(found.line, fault)
    return found.text
  }

  fileSystem(section: Section): LocalFileSystem {
    const found = section.values.get('fstype')
    const text = found?.text ?? ''
    const known = LOCAL_FILE_SYSTEMS.find((name) => name === text)
    if (known === undefined && text !== '')
      this.#fault(found?.line ?? 0, `fstype ${text}: use ${LOCAL_FILE_SYSTEMS.join(' or ')}`)
    return known ?? 'ext4'
  }

  disk(section: Section): DiskSection {
    const ptype = section.values.get('ptype')
    if (ptype !== undefined && !['', 'gpt', 'msdos'].includes(ptype.text))
      this.#fault(ptype.line, `ptype ${ptype.text}: use gpt`)
    else if (ptype?.text === 'msdos')
      this.#warnings.push({
        line: ptype.line,
        message: 'ptype=msdos: a GPT is written, because only its partitions have names to be recognised by',
      })
    return {
      device: this.device(section),
      clear: this.yes(section, 'clear'),
      fstype: this.fileSystem(section),
      parts: this.#parts(section),
    }
  }

  #parts(section: Section): PartSize[] {
    const found = section.values.get('parts')
    const words = (found?.text ?? '').split(',').map((word) => word.trim())
    if (found === undefined || found.text === '') {
      this.#fault(section.line, '[disk] has no parts=')
      return []
    }
    const parts: PartSize[] = []
    let percent = 0
    let endMiB = 1
    for (const word of words) {
      const part = parsePart(word)
      if (typeof part === 'string') this.#fault(found.line, part)
      else {
        const last = parts.at(-1)
        if (last?.kind === 'rest') this.#fault(found.line, 'nothing can follow rest')
        if (part.kind === 'percent') percent += part.percent
        if (part.kind === 'range') {
          if (last?.kind === 'percent') this.#fault(found.line, `${word}: write ranges before percentages`)
          if (part.startMiB < endMiB) this.#fault(found.line, `${word} overlaps what stands before it`)
          endMiB = part.endMiB
        }
        parts.push(part)
      }
    }
    if (percent > 100) this.#fault(found.line, `the percentages add up to ${percent}`)
    return parts
  }

  #fault(line: number, message: string): void {
    this.#faults.push({ line, message })
  }
}

/** Two digits of a partition name. */
const MOST_PARTS = 64

/** MiB per unit. Letters alone mean what they mean to every disk tool but parted: powers of 1024. */
const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  ...{ K: 1 / 1024, M: 1, G: 1024, T: 1024 ** 2 },
  ...{ KIB: 1 / 1024, MIB: 1, GIB: 1024, TIB: 1024 ** 2 },
  ...{ KB: 1000 / 1024 ** 2, MB: 1e6 / 1024 ** 2, GB: 1e9 / 1024 ** 2, TB: 1e12 / 1024 ** 2 },
}

/** The part, or what is wrong with the word. Whole MiB: rounded towards the inside, so that parts never overlap. */
function parsePart(word: string): PartSize | string {
  if (word === 'rest') return { kind: 'rest' }
  const percent = /^(\d{1,3})%?$/.exec(word)?.[1]
  if (percent !== undefined) {
    const value = Number(percent)
    return value >= 1 && value <= 100 ? { kind: 'percent', percent: value } : `${word}: a percentage is 1 to 100`
  }
  const [, from, fromUnit = '', to, toUnit = ''] =
    /^(\d+(?:\.\d+)?)([A-Za-z]*)-(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(word) ?? []
  // `1-5G`: the unit stands for both, as with parted.
  const [fromFactor, toFactor] = [UNITS[(fromUnit || toUnit).toUpperCase()], UNITS[toUnit.toUpperCase()]]
  if (from === undefined || fromFactor === undefined || toFactor === undefined)
    return `${JSON.stringify(word)}: write a percentage (20), a range (1G-20G) or rest`
  const startMiB = Math.max(1, Math.ceil(Number(from) * fromFactor))
  const endMiB = Math.floor(Number(to) * toFactor)
  return endMiB > startMiB && endMiB <= MOST_MIB
    ? { kind: 'range', startMiB, endMiB }
    : `${word}: the end must be at least 1 MiB behind the start`
}

/** An exbibyte: far from where the node's 64-bit arithmetic ends. */
const MOST_MIB = 2 ** 40

const SIZE = String.raw`\d{1,9}[MGT]`
const DEVICES: readonly RegExp[] = [
  /^\/dev\/[A-Za-z0-9][A-Za-z0-9._:+@=-]*(\/[A-Za-z0-9][A-Za-z0-9._:+@=-]*){0,2}$/,
  /^(serial|wwn):[A-Za-z0-9][A-Za-z0-9._:+-]*$/,
  new RegExp(`^size:${SIZE}-(?:${SIZE})?(?:-part\\d+)?$`),
]

function checkDevice(text: string): string | undefined {
  if (DEVICES.some((form) => form.test(text)) && !text.includes('..')) return undefined
  return `dev=${text}: write /dev/<name>, /dev/disk/by-path/…, /dev/disk/by-id/…, serial:<number>, wwn:<number> or size:<least>-<most>`
}

/** Every spelling of partition `n` of a disk: the kernel's (`sda2`, `nvme0n1p2`), and udev's for all other names. */
export function partitionNames(disk: string, number: number): string[] {
  return [`${disk}${/\d$/.test(disk) ? 'p' : ''}${number}`, `${disk}-part${number}`]
}
