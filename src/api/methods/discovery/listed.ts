/** nodediscoverls: the rows of discoverydata in xCAT's form. */
import { cell, type Row } from '../../../tables/row.ts'
import { columnNames, tableSchema } from '../../../tables/schema.ts'
import { OperatorError } from '../../errors.ts'
import { commandResult } from '../../protocol.ts'
import type { Method } from '../context.ts'
import { METHOD_WORDS, methodOf } from './words.ts'

export const listed: Method<'discovery.listed'> = ({ store }, { type, uuid, long }) => {
  if (type !== undefined && type !== 'all' && !Object.hasOwn(METHOD_WORDS, type))
    throw new OperatorError('LB_USAGE', `Invalid type '${type}': ${[...Object.keys(METHOD_WORDS), 'all'].join(', ')}`)
  const rows = store
    .read('discoverydata')
    .filter((row) => uuid === undefined || cell(row, 'uuid').toLowerCase() === uuid.toLowerCase())
    .filter((row) => type === undefined || type === 'all' || methodOf(row) === METHOD_WORDS[type])
  const lines = long ? rows.flatMap(stanza) : rows.map(line)
  const head = long || rows.length === 0 ? [] : [line(HEAD)]
  return commandResult([...head, ...lines], rows)
}

const HEAD: Row = { uuid: 'UUID', node: 'NODE', method: 'METHOD', mtm: 'MTM', serial: 'SERIAL' }

function line(row: Row): string {
  const or = (column: string, other: string) => cell(row, column) || other
  const words = [or('uuid', '').padEnd(40), or('node', 'undef').padEnd(20), or('method', 'undef').padEnd(15)]
  return `  ${words.join('')}${or('mtm', '').padEnd(10)} ${or('serial', '')}`.trimEnd()
}

function stanza(row: Row): string[] {
  const schema = tableSchema('discoverydata')
  const columns = schema ? columnNames(schema).filter((name) => name !== 'uuid' && cell(row, name) !== '') : []
  return [`Object uuid: ${cell(row, 'uuid')}`, ...columns.map((name) => `    ${name}=${cell(row, name)}`)]
}
