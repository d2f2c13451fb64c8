/** Transactions and the rows they changed, as lines for people. No secret leaves this file. */
import type { ChangeRequest, RecordedChange, RecordedTransaction } from '../../../store/history.ts'
import type { RowValues } from '../../../store/store.ts'
import { renderRowKey } from '../../../tables/row.ts'
import { tableSchema } from '../../../tables/schema.ts'
import { isSecret, MASK } from '../../../tables/secrets.ts'

/** A change that may be shown: `row` as messages name it, secrets masked, unset as ''. */
export interface ShownChange {
  readonly table: string
  readonly row: string
  readonly kind: 'added' | 'changed' | 'removed'
  readonly columns: readonly { readonly column: string; readonly before: string; readonly after: string }[]
}

export function showChange({ table, key, before, after }: RecordedChange): ShownChange {
  const kind = !before ? 'added' : !after ? 'removed' : 'changed'
  const keyColumns = tableSchema(table)?.key ?? Object.keys(key)
  const shown = (values: RowValues | undefined, column: string) => {
    const value = values?.[column] ?? ''
    return value !== '' && isSecret(table, column, { ...key, ...values }) ? MASK : value
  }
  const columns = Object.keys({ ...before, ...after }).map((column) => ({
    column,
    before: shown(before, column),
    after: shown(after, column),
  }))
  return { table, row: renderRowKey(key, keyColumns), kind, columns }
}

/** `noderes node=n1:` and a line for each column. */
export function renderChange({ table, row, kind, columns }: ShownChange): string[] {
  const lines = columns.map(({ column, before, after }) => `    ${column}: ${renderCells(kind, before, after)}`)
  return [`${table} ${row}${kind === 'changed' ? '' : ` (${kind})`}${lines.length > 0 ? ':' : ''}`, ...lines]
}

/** The same on one line, for the audit log. */
export function renderShortChange({ table, row, kind, columns }: ShownChange): string {
  const cells = columns.map(({ column, before, after }) => `${column}: ${renderCells(kind, before, after)}`).join(', ')
  if (kind === 'changed') return `${table} ${row} ${cells}`
  return `${table} ${row} ${kind}${cells === '' ? '' : ` (${cells})`}`
}

function renderCells(kind: ShownChange['kind'], before: string, after: string): string {
  if (kind === 'added') return renderCell(after)
  if (kind === 'removed') return renderCell(before)
  return `${renderCell(before)} -> ${renderCell(after)}`
}

/** A value as it is, unless it could be taken for something else. */
function renderCell(value: string): string {
  if (value === '') return '(unset)'
  return /^[\s("]|[\s]$|[\p{Cc}]| -> /u.test(value) ? JSON.stringify(value) : value
}

export interface ListedTransaction {
  readonly transaction: RecordedTransaction
  readonly undoneBy: number | undefined
}

/** `17  2026-11-22 18:53:42  root  1 row  chdef n1 netboot=grub2`, in columns. */
export function renderTransactions(listed: readonly ListedTransaction[]): string[] {
  const cells = listed.map(({ transaction }) => [
    String(transaction.revision),
    renderLocalTime(transaction.atMs),
    renderUser(transaction),
    `${transaction.rows} row${transaction.rows === 1 ? '' : 's'}`,
  ])
  const widths = (cells[0] ?? []).map((_, at) => Math.max(...cells.map((row) => row[at]?.length ?? 0)))
  return listed.map((each, at) => {
    const words = (cells[at] ?? []).map((text, column) => text.padEnd(widths[column] ?? 0))
    return `${words.join('  ')}  ${renderCommandLine(each.transaction.request)}${renderNote(each)}`
  })
}

function renderNote({ transaction: { undoes, request }, undoneBy }: ListedTransaction): string {
  const notes: string[] = []
  const untold = undoes.filter((revision) => !request?.words.includes(String(revision)))
  if (untold.length > 0) notes.push(`undid ${untold.join(', ')}`)
  if (undoneBy !== undefined) notes.push(`undone by ${undoneBy}`)
  return notes.length === 0 ? '' : `  (${notes.join('; ')})`
}

export function renderUser({ author, request }: RecordedTransaction): string {
  return request?.host === undefined ? author : `${author}@${request.host}`
}

/** The command as it could be typed again, but for secrets; the noderange only where the words do not have it. */
export function renderCommandLine(request: ChangeRequest | undefined): string {
  if (!request) return '(no command)'
  const { command, noderange, words } = request
  const nodes = noderange === undefined || words.includes(noderange) ? [] : [noderange]
  return [command, ...nodes, ...words].map(quoteWord).join(' ')
}

function quoteWord(word: string): string {
  return word === '' || /[^\w@%+=:,./*~^[\]-]/.test(word) ? `'${word.replaceAll("'", `'\\''`)}'` : word
}

/** `2026-11-22 18:53:42`: xCAT's form in its logs; texts sort as times do. */
export function renderLocalTime(atMs: number): string {
  const date = new Date(atMs)
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}
