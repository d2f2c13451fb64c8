/** Which option may stand below which, and the checks that the whole list of an image must pass. */
import type { Image, LitefileRow } from '../cluster/model.ts'
import {
  checkLitefileRow,
  type Entry,
  type ImageSelector,
  litefileRowName,
  rowStrength,
  selectEntries,
} from './entries.ts'
import { distinctFindings, errorFinding, type Finding, warningFinding } from './finding.ts'
import { checkPartitionFile } from './local-disk.ts'
import { type EntryOption, isConOption } from './options.ts'
import { ancestorsOf, isDirectoryPath, withoutTrailingSlash } from './paths.ts'

/** For a listed directory of the key's option: the options that may be listed below it. */
export const CHILD_OPTIONS: { readonly [parent in EntryOption]: readonly EntryOption[] } = {
  tmpfs: ['tmpfs', 'ro', 'con', 'persistent', 'localdisk'],
  persistent: ['persistent'],
  // What is on the disk stays there: a copy in memory below it could not be told from it.
  localdisk: ['ro', 'con', 'persistent', 'localdisk'],
  link: ['link', 'link,con', 'link,persistent'],
  'link,persistent': ['link,persistent'],
  ro: [],
  con: [],
  'link,ro': [],
  'link,con': [],
}

/** Every fault of the entries of one image (as `selectEntries` returns them). */
export function checkEntries(entries: readonly Entry[]): Finding[] {
  const byPath = new Map(entries.map((entry) => [entry.path, entry]))
  const findings: Finding[] = []
  for (const entry of entries) {
    const where = litefileRowName(entry.row)
    if (isConOption(entry.option) && isDirectoryPath(entry.path)) {
      const message = `${entry.option} joins files and cannot be used on a directory`
      findings.push(errorFinding(where, message, 'list the files, or use tmpfs'))
    }
    const file = fileAbove(entry, byPath)
    if (file !== undefined) {
      const message = `${file.path} is listed without a trailing slash, so it is a file, and nothing can be below it`
      const advice = `write ${file.path}/ in ${litefileRowName(file.row)}`
      findings.push(errorFinding(where, message, advice))
    }
    const parent = entry.parent === undefined ? undefined : byPath.get(entry.parent)
    if (parent === undefined) continue
    findings.push(...checkPair(entry, parent), ...checkDepth(entry, parent, byPath))
  }
  return findings
}

function checkPair(child: Entry, parent: Entry): Finding[] {
  const allowed = CHILD_OPTIONS[parent.option]
  if (allowed.includes(child.option)) return []
  const message = `${child.option} cannot be below ${parent.path}, which is ${parent.option} (${litefileRowName(parent.row)})`
  const advice =
    allowed.length === 0
      ? `list nothing below a ${parent.option} directory`
      : `use one of ${allowed.join(' ')}, or change ${parent.path}`
  return [errorFinding(litefileRowName(child.row), message, advice)]
}

/** Two levels are enough for everything but tmpfs, where any number are plain copies into the same file system. */
function checkDepth(entry: Entry, parent: Entry, byPath: ReadonlyMap<string, Entry>): Finding[] {
  const levels = [entry, parent]
  let above = parent.parent
  while (above !== undefined) {
    const next = byPath.get(above)
    if (next === undefined) break
    levels.push(next)
    above = next.parent
  }
  if (levels.length <= 2 || levels.every((level) => level.option === 'tmpfs')) return []
  const chain = levels.map((level) => level.path).reverse()
  const message = `${levels.length} listed levels (${chain.join(' ')}), at most two are possible unless all are tmpfs`
  return [errorFinding(litefileRowName(entry.row), message, 'list fewer levels, or make all of them tmpfs')]
}

function fileAbove(entry: Entry, byPath: ReadonlyMap<string, Entry>): Entry | undefined {
  for (const ancestor of ancestorsOf(entry.path)) {
    const file = byPath.get(withoutTrailingSlash(ancestor))
    if (file !== undefined) return file
  }
  return undefined
}

/**
 * The whole litefile table against every statelite image: for use when the table is edited, and by `liteboot check`.
 * With no image defined yet the rows for all images are still checked among themselves.
 */
export function checkLitefile(
  rows: readonly LitefileRow[],
  images: Iterable<Pick<Image, 'name' | 'groups' | 'provmethod'> & Partial<Pick<Image, 'attribute'>>>,
): Finding[] {
  const findings: Finding[] = rows.flatMap(checkLitefileRow)
  const all: ImageSelector[] = []
  const statelite: (ImageSelector & Partial<Pick<Image, 'attribute'>>)[] = []
  for (const image of images) {
    all.push(image)
    if (image.provmethod === undefined || image.provmethod.includes('statelite')) statelite.push(image)
  }
  for (const row of rows) {
    if (['', 'ALL'].includes(row.image.trim()) || all.some((image) => rowStrength(row.image, image) !== undefined)) {
      continue
    }
    const message = `no image and no image group is called ${row.image}`
    findings.push(warningFinding(litefileRowName(row), message, 'correct the image column, or define the image'))
  }
  // A name that no row can have: only ALL and blank rows speak for it.
  if (statelite.length === 0) statelite.push({ name: '(any image)' as Image['name'], groups: [] })
  for (const image of statelite) {
    const selected = selectEntries(image, rows)
    findings.push(...selected.findings, ...checkEntries(selected.entries))
    if (image.attribute)
      findings.push(...checkPartitionFile({ ...image, attribute: image.attribute }, selected.entries))
  }
  return distinctFindings(findings)
}
