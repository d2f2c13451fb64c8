/** litefile rows → the entries of one image: which row wins, which rows it shadows, who is above whom. */
import type { Image, LitefileRow } from '../cluster/model.ts'
import { errorFinding, type Finding, warningFinding } from './finding.ts'
import { type EntryOption, parseOption } from './options.ts'
import { checkEntryPath, comparePaths, isDirectoryPath, parentOf, withoutTrailingSlash } from './paths.ts'

export interface Entry {
  readonly option: EntryOption
  readonly path: string
  /** Nearest listed directory above, or undefined. */
  readonly parent: string | undefined
  /** The row that won, as written. */
  readonly row: LitefileRow
  /** Rows for the same path that lost, strongest first. */
  readonly shadowed: readonly LitefileRow[]
}

/** The part of `Image` that row selection looks at. */
export type ImageSelector = Pick<Image, 'name' | 'groups'>

/**
 * How strongly a row with this `image` cell speaks for the image; lower is stronger, undefined: not at all.
 * Image name, then its groups in the order listed, then ALL, then blank.
 */
export function rowStrength(cell: string, image: ImageSelector): number | undefined {
  const text = cell.trim()
  if (text === image.name) return 0
  const group = image.groups.indexOf(text)
  if (text !== '' && group >= 0) return 1 + group
  if (text === 'ALL') return image.groups.length + 1
  if (text === '') return image.groups.length + 2
  return undefined
}

export function litefileRowName(row: LitefileRow): string {
  return `litefile row image=${row.image},file=${row.file}`
}

/** What is wrong with the row by itself, whatever image it is for. */
export function checkLitefileRow(row: LitefileRow): Finding[] {
  const findings: Finding[] = []
  const pathFault = checkEntryPath(row.file)
  if (pathFault !== undefined) {
    findings.push(errorFinding(litefileRowName(row), pathFault, 'correct or disable the row'))
  }
  const parsed = parseOption(row.options)
  if ('fault' in parsed) findings.push(errorFinding(litefileRowName(row), parsed.fault.message, parsed.fault.advice))
  return findings
}

/**
 * The entries of an image in byte order of their paths, so that parents stand before their children.
 * Rows that cannot be used are left out and reported. A row that is shadowed is not checked.
 */
export function selectEntries(
  image: ImageSelector,
  rows: readonly LitefileRow[],
): { readonly entries: readonly Entry[]; readonly findings: readonly Finding[] } {
  const findings: Finding[] = []
  const winners: { row: LitefileRow; shadowed: LitefileRow[]; option: EntryOption }[] = []
  for (const candidates of candidatesByPath(image, rows).values()) {
    const [best, ...others] = candidates
    if (best === undefined) continue
    const shadowed = others.map((candidate) => candidate.row)
    const rowFindings = checkWinner(best, others)
    const parsed = parseOption(best.row.options)
    findings.push(...rowFindings)
    if ('fault' in parsed || rowFindings.some((finding) => finding.severity === 'error')) continue
    if (isMtab(best.row.file)) continue
    winners.push({ row: best.row, shadowed, option: parsed.option })
  }
  const listedDirs = new Set(winners.map(({ row }) => row.file).filter(isDirectoryPath))
  const entries = winners
    .map(({ row, shadowed, option }) => ({
      option,
      path: row.file,
      parent: parentOf(row.file, listedDirs),
      row,
      shadowed,
    }))
    .sort((a, b) => comparePaths(a.path, b.path))
  return { entries, findings }
}

interface Candidate {
  readonly row: LitefileRow
  readonly strength: number
}

/** Rows that speak for the image, by path without trailing slash, strongest first. */
function candidatesByPath(image: ImageSelector, rows: readonly LitefileRow[]): Map<string, Candidate[]> {
  const byPath = new Map<string, Candidate[]>()
  for (const row of rows) {
    const strength = rowStrength(row.image, image)
    if (strength === undefined) continue
    const key = withoutTrailingSlash(row.file)
    const candidates = byPath.get(key)
    if (candidates === undefined) byPath.set(key, [{ row, strength }])
    else candidates.push({ row, strength })
  }
  // Array.sort is stable: rows of one level keep table order.
  for (const candidates of byPath.values()) candidates.sort((a, b) => a.strength - b.strength)
  return byPath
}

function checkWinner(best: Candidate, others: readonly Candidate[]): Finding[] {
  const findings = checkLitefileRow(best.row)
  for (const other of others) {
    if (other.strength === best.strength) {
      const message = `the same path is listed twice (${best.row.file} and ${other.row.file})`
      findings.push(errorFinding(litefileRowName(best.row), message, `remove one of them`))
    } else if (other.row.file !== best.row.file) {
      const message = `it replaces ${litefileRowName(other.row)}, but one is a directory and the other is not`
      findings.push(warningFinding(litefileRowName(best.row), message, 'spell the path the same way in both rows'))
    }
  }
  if (isMtab(best.row.file)) {
    const message = '/etc/mtab needs no row and this one is ignored'
    const advice = 'remove it: liteimg makes /etc/mtab a symbolic link to /proc/self/mounts'
    findings.push(warningFinding(litefileRowName(best.row), message, advice))
  }
  return findings
}

// xCAT adds a link entry for /etc/mtab to every answer; a link into /proc in the image serves every node alike.
function isMtab(path: string): boolean {
  return withoutTrailingSlash(path) === '/etc/mtab'
}
