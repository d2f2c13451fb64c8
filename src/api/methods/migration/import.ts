/** import-xcat: a dump of xCAT's tables, translated where xCAT means something else; one transaction, one report. */
import type { Transaction } from '../../../store/store.ts'
import { cell, isEnabled, type Row, type TablesView } from '../../../tables/row.ts'
import { type ImportReport, lostEntries, renderImportReport } from '../../../tables/xcat/import-report.ts'
import { importSite, xcatAnswers } from '../../../tables/xcat/import-site.ts'
import { type ImportedTables, type ImportMode, shownCell } from '../../../tables/xcat/imported-tables.ts'
import { type Dump, readDump } from '../../../tables/xcat/read-dump.ts'
import { OperatorError } from '../../errors.ts'
import { commandResult } from '../../protocol.ts'
import type { Method } from '../context.ts'
import { edit } from '../edit.ts'
import { compareAnswers } from './compare-answers.ts'
import { refuseOccupied } from './occupied.ts'

/** Nothing was lost; or the report says what. 1 is for errors, as everywhere: then nothing was imported. */
const STATUS = { whole: 0, inPart: 2 } as const

/** More of them are in the report. */
const SHOWN_WARNINGS = 30

export const importXcat: Method<'migration.import'> = async (context, { files, mode, account }) => {
  const dump = readDump(files)
  if (dump.tables.length === 0) {
    const names = dump.unknown.map(({ table }) => table).join(', ')
    const message = names === '' ? 'the dump has no tables' : `no table of liteboot is among them: ${names}`
    throw new OperatorError(
      'LB_BAD_INPUT',
      message,
      'Name the directory that dumpxCATdb -p wrote, or a <table>.csv of it.',
    )
  }
  const { EDIT_CHECKERS } = await import('../../checkers.ts')
  const arriving = mode === undefined ? withRows(dump) : dump
  const { result, changes, snapshot, warnings } = await edit(context, (transaction) => {
    if (mode === undefined) refuseOccupied(transaction, dump.tables, ADVICE)
    const check = (view: TablesView) => EDIT_CHECKERS.flatMap((look) => look(view))
    const tables = importSite(arriving, transaction, mode ?? 'replace', check(transaction), check)
    noteAnswers(tables, dump)
    noteReplaced(tables, transaction, arriving)
    const report = tables.report()
    store(transaction, tables, arriving, mode ?? 'replace')
    return report
  })
  const done = renderStored(result)
  const dry = context.dryRun ? ['Dry run: nothing was changed.', ''] : []
  const render = (folded: boolean) => renderImportReport(result, { folded })
  const data = { ...result, warnings, changes, snapshot }
  return commandResult(
    [...render(true), '', done],
    account ? { ...data, account: [...dry, ...render(false), ...section('Checks', warnings), '', done] } : data,
    shorten(warnings),
    lost(result) ? STATUS.inPart : STATUS.whole,
  )
}

const ADVICE =
  'Import with --replace (the tables of the dump take the place of these) or --merge (row by row, the dump counts); --dry-run shows what would come of it.'

function renderStored({ tables }: ImportReport): string {
  const stored = tables.map(({ kept, translated, inPart }) => kept + translated + inPart).filter((rows) => rows > 0)
  const rows = stored.reduce((sum, count) => sum + count, 0)
  return `${rows} ${rows === 1 ? 'row' : 'rows'} in ${stored.length} ${stored.length === 1 ? 'table' : 'tables'} stored.`
}

/** Into a site that has no rows, a table without rows brings nothing. */
function withRows(dump: Dump): Dump {
  return { ...dump, tables: dump.tables.filter(({ rows }) => rows.length > 0) }
}

function lost(report: ImportReport): boolean {
  return lostEntries(report).length > 0
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line}`)]
}

function shorten(warnings: readonly string[]): readonly string[] {
  if (warnings.length <= SHOWN_WARNINGS) return warnings
  const more = `Warning: ${warnings.length - SHOWN_WARNINGS} more: see them with --report or --json`
  return [...warnings.slice(0, SHOWN_WARNINGS), more]
}

function noteAnswers(tables: ImportedTables, dump: Dump): void {
  const say = (option: string | undefined) => option ?? 'not listed (read-only)'
  for (const { image, path, before, now } of compareAnswers(tables, xcatAnswers(dump))) {
    const what = `nodes of ${image}: ${path} was ${say(before)}, is ${say(now)}`
    tables.note('litefile', '', what, 'see the rows of this path above')
  }
}

/** What stood here and does not any more, or says something else now. */
function noteReplaced(tables: ImportedTables, view: TablesView, dump: Dump): void {
  if (tables.mode === 'merge') {
    for (const table of tables.tables) noteMerged(tables, table)
    return
  }
  for (const { schema } of dump.tables) {
    const rows = view.read(schema.name).length
    if (rows > 0)
      tables.note(
        schema.name,
        '',
        `${rows} ${rows === 1 ? 'row that was here is' : 'rows that were here are'} gone`,
        '--replace',
      )
  }
}

function noteMerged(tables: ImportedTables, table: string): void {
  for (const { key, current, schema } of tables.rows(table)) {
    const before = current && tables.standing(table, key)
    if (!current || !before) continue
    for (const { name } of schema.columns.filter((column) => differs(before, current, column.name))) {
      tables.note(
        table,
        key,
        `${name} was ${shownCell(table, name, before)} here`,
        'the value of the dump takes its place',
      )
    }
  }
}

function differs(before: Row, now: Row, column: string): boolean {
  if (column === 'disable') return isEnabled(before) && !isEnabled(now)
  return cell(now, column) !== '' && cell(before, column) !== '' && cell(before, column) !== cell(now, column)
}

function store(transaction: Transaction, tables: ImportedTables, dump: Dump, mode: ImportMode): void {
  const whole = new Set(mode === 'replace' ? dump.tables.map(({ schema }) => schema.name) : [])
  for (const table of tables.tables) {
    const rows = tables.rows(table).flatMap(({ current, key }) => (current ? { current, key } : []))
    if (whole.has(table))
      transaction.replaceTable(
        table,
        rows.map(({ current }) => current),
      )
    else for (const { current, key } of rows) mergeRow(transaction, tables, table, key, current)
  }
}

function mergeRow(transaction: Transaction, tables: ImportedTables, table: string, key: string, row: Row): void {
  const schema = tables.row(table, key)?.schema
  if (!schema || !tables.standing(table, key)) {
    transaction.insertRow(table, row)
    return
  }
  const keys = Object.fromEntries(schema.key.map((column) => [column, cell(row, column)]))
  transaction.setRows(table, keys, Object.fromEntries(Object.entries(row).filter(([, value]) => value)))
}
