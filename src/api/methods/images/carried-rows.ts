/** litefile and litetree rows that travel with an image: read from a bundle's files, added under the image's name here. */

import { rowStrength } from '../../../statelite/entries.ts'
import { parseOption } from '../../../statelite/options.ts'
import type { Transaction } from '../../../store/store.ts'
import { csvRecords, parseCsv } from '../../../tables/csv.ts'
import { cell, enabledRows, isEnabled, type Row, splitList, type TablesView } from '../../../tables/row.ts'
import { tableSchema } from '../../../tables/schema.ts'
import { OperatorError } from '../../errors.ts'
import { freePriority } from './image-files.ts'

const LITEFILE_HEADER = '#image,file,options,comments,disable\n'

/** The strongest row for each path; xCAT writes the file without a header, the weakest rows first. */
export function readLitefileCsv(text: string): Row[] {
  const parsed = csvRecords(text.startsWith('#') ? text : LITEFILE_HEADER + text)
  if ('fault' in parsed) throw new OperatorError('LB_BAD_INPUT', `litefile.csv: ${parsed.fault}`)
  const rows = new Map<string, Row>()
  for (const record of parsed.records) {
    if ('fault' in record) throw new OperatorError('LB_BAD_INPUT', `litefile.csv: ${record.fault}`)
    const row = Object.fromEntries(parsed.columns.map((column, at) => [column, record.fields[at] ?? '']))
    if (isEnabled(row) && cell(row, 'file') !== '') rows.set(cell(row, 'file').replace(/(.)\/$/, '$1'), row)
  }
  return [...rows.values()]
}

export function readTableCsv(table: 'litetree' | 'statelite', text: string): readonly Row[] {
  const schema = tableSchema(table)
  if (!schema) return []
  const parsed = parseCsv(schema, text)
  if ('fault' in parsed) throw new OperatorError('LB_BAD_INPUT', `${table}.csv: ${parsed.fault}`)
  return parsed.rows.filter(isEnabled)
}

interface Target {
  readonly name: string
  /** osimage.groups */
  readonly groups: string
}

/** Rows whose path another row here gives the image in the same way are not added again. @returns how many were */
export function addLitefileRows(transaction: Transaction, target: Target, rows: readonly Row[]): number {
  let added = 0
  for (const row of rows) {
    const [file, options] = [cell(row, 'file'), cell(row, 'options') || 'tmpfs']
    const present = strongest(transaction, target, file)
    if (present !== undefined && sameOption(cell(present, 'options'), options)) continue
    transaction.setRows('litefile', { image: target.name, file }, { options })
    added++
  }
  return added
}

function strongest(view: TablesView, target: Target, file: string): Row | undefined {
  const image = { name: target.name as never, groups: splitList(target.groups) }
  return enabledRows(view, 'litefile')
    .filter((row) => cell(row, 'file') === file && rowStrength(cell(row, 'image'), image) !== undefined)
    .sort((a, b) => (rowStrength(cell(a, 'image'), image) ?? 0) - (rowStrength(cell(b, 'image'), image) ?? 0))[0]
}

function sameOption(a: string, b: string): boolean {
  const [left, right] = [parseOption(a), parseOption(b)]
  return !('fault' in left) && !('fault' in right) && left.option === right.option
}

/** Under free priorities near their own, so that the order stays. @returns how many were added */
export function addLitetreeRows(transaction: Transaction, target: Target, rows: readonly Row[]): number {
  const image = { name: target.name as never, groups: splitList(target.groups) }
  const taken = new Set(transaction.read('litetree').map((row) => Number(cell(row, 'priority'))))
  let added = 0
  for (const row of [...rows].sort((a, b) => Number(cell(a, 'priority')) - Number(cell(b, 'priority')))) {
    const same = (other: Row) =>
      rowStrength(cell(other, 'image'), image) !== undefined &&
      ['directory', 'mntopts'].every((column) => cell(other, column) === cell(row, column))
    if (enabledRows(transaction, 'litetree').some(same)) continue
    const priority = freePriority(taken, Number(cell(row, 'priority')) || 0)
    taken.add(priority)
    transaction.insertRow('litetree', {
      priority: String(priority),
      image: target.name,
      directory: cell(row, 'directory'),
      mntopts: cell(row, 'mntopts'),
    })
    added++
  }
  return added
}
