/**
 * Moving an xCAT site over: dumps in, tables out, and an account of every row that is not as it was. Pure as the rest of
 * the tables room; it must not know where the dump came from or where the rows go.
 *
 * One rule decides everything here: nodes see after the import what they saw before. A row that had no effect under xCAT
 * comes in disabled, a cell that meant something else is rewritten, and what can be neither is said, never dropped silently.
 *
 * This file holds the account.
 */

/**
 * translated: written another way, nodes see no difference. lost: a row, or a cell of one, that does not count any more.
 * note: kept as it is, and the administrator should know something about it.
 */
export type EntryKind = 'translated' | 'lost' | 'note'

export interface ImportEntry {
  readonly kind: EntryKind
  readonly table: string
  /** Key of the row; '' for the table as a whole. */
  readonly row: string
  /** What was done: `options "" → link`. */
  readonly what: string
  readonly why: string
}

export interface TableCount {
  readonly table: string
  /** Where its rows were read. */
  readonly source: string
  readonly read: number
  /** Stored as they were. */
  readonly kept: number
  /** Stored, written another way. */
  readonly translated: number
  /** Stored, but disabled or without some cell. */
  readonly inPart: number
  readonly notKept: number
}

export interface ImportReport {
  readonly tables: readonly TableCount[]
  readonly entries: readonly ImportEntry[]
}

export function lostEntries({ entries }: ImportReport): readonly ImportEntry[] {
  return entries.filter(({ kind }) => kind === 'lost')
}

const TITLES: readonly (readonly [EntryKind, string])[] = [
  ['translated', 'Translated (nodes see no difference)'],
  ['lost', 'Not kept'],
  ['note', 'To know'],
]

/** @param folded the same change of many rows in one line: for a screen, not for the file that keeps the account */
export function renderImportReport(report: ImportReport, { folded }: { readonly folded: boolean }): string[] {
  const lines = renderCounts(report.tables)
  for (const [kind, title] of TITLES) {
    const entries = report.entries.filter((entry) => entry.kind === kind)
    if (entries.length === 0) continue
    lines.push('', `${title}:`, ...(folded ? foldEntries(entries) : entries.map(renderEntry)))
  }
  return lines
}

export function renderEntry({ table, row, what, why }: ImportEntry): string {
  return `  ${table}${row === '' ? '' : ` row ${oneLine(row)}`}: ${oneLine(what)}${why === '' ? '' : `: ${oneLine(why)}`}`
}

/** Keys and cells may hold anything; a report has one line for each. */
function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not reach a terminal
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
}

const SHOWN_ROWS = 3
const SHOWN_LINES = 60

function foldEntries(entries: readonly ImportEntry[]): string[] {
  const lines = foldAlike(entries)
  if (lines.length <= SHOWN_LINES) return lines
  return [...lines.slice(0, SHOWN_LINES), `  … and ${lines.length - SHOWN_LINES} more lines: --report keeps them all`]
}

function foldAlike(entries: readonly ImportEntry[]): string[] {
  const alike = Map.groupBy(entries, ({ table, what, why }) => JSON.stringify([table, what, why]))
  return [...alike.values()].flatMap((group) => {
    const [first] = group
    if (!first || group.length <= SHOWN_ROWS) return group.map(renderEntry)
    const keys = group.slice(0, SHOWN_ROWS).map(({ row }) => row)
    const row = `${keys.join('; ')} and ${group.length - SHOWN_ROWS} more`
    return renderEntry({ ...first, row })
  })
}

const COLUMNS = ['read', 'kept', 'translated', 'in part', 'not kept'] as const

function renderCounts(tables: readonly TableCount[]): string[] {
  const rows = tables.map(({ table, read, kept, translated, inPart, notKept }) => [
    table,
    ...[read, kept, translated, inPart, notKept].map(String),
  ])
  const width = Math.max(5, ...tables.map(({ table }) => table.length))
  const render = ([name = '', ...figures]: readonly string[]) =>
    `${name.padEnd(width)}${figures.map((text, at) => text.padStart((COLUMNS[at]?.length ?? 0) + 3)).join('')}`
  return [render(['table', ...COLUMNS]), ...rows.map(render)]
}
