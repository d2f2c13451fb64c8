/**
 * Everything about the tables that can be said without an image or a boot: unknown words, bad addresses, names that
 * cannot be used, two nodes with one address. litefile options and paths belong to the statelite room, which brings its
 * own checker.
 */
import { cellForm, compileCell } from './cells.ts'
import type { Finding } from './findings.ts'
import { parseNetworkRow } from './network-row.ts'
import { checkNodes } from './node-checks.ts'
import { checkReferences } from './reference-checks.ts'
import { cell, enabledRows, isEnabled, type Row, renderRowKey, type TablesView } from './row.ts'
import { TABLES, type TableSchema } from './schema.ts'
import { CONTROL, checkNodeName, checkObjectName } from './values.ts'

export function checkTables(view: TablesView): readonly Finding[] {
  const findings: Finding[] = []
  for (const schema of TABLES.values()) {
    for (const row of view.read(schema.name)) findings.push(...rowFindings(schema, row))
  }
  return [...findings, ...checkNetworks(view), ...checkNodes(view), ...checkReferences(view)]
}

/** Rows are never changed in place: what was found of one stays true. */
const known = new WeakMap<Row, readonly Finding[]>()

function rowFindings(schema: TableSchema, row: Row): readonly Finding[] {
  let findings = known.get(row)
  if (!findings) {
    findings = checkRow(schema, row)
    known.set(row, findings)
  }
  return findings
}

/** Checked also when disabled, so that enabling a row is never a surprise; only unreadable names wait. */
function checkRow(schema: TableSchema, row: Row): Finding[] {
  const findings: Finding[] = []
  const rowKey = renderRowKey(row, schema.key)
  const found = (severity: Finding['severity'], code: string, column: string, message: string, remedy?: string) => {
    const base: Finding = { severity, code, table: schema.name, row: rowKey, column, message }
    findings.push(remedy === undefined ? base : { ...base, remedy })
  }
  for (const { name, check } of schema.columns) {
    const value = cell(row, name)
    if (value === '') {
      if (schema.required.includes(name)) found('error', 'required', name, 'must not be empty')
      continue
    }
    if (CONTROL.test(value.replace(name === 'comments' ? /[\n\t]/g : /^$/, '')))
      found('error', 'control-character', name, 'has a line break or another control character')
    const form = schema.nodeTable && name !== 'node' ? cellForm(value) : 'plain'
    if (form !== 'plain') checkPattern(value, form, name, found)
    else if (check) {
      const fault = check(value)
      if (fault !== undefined) found('error', 'bad-value', name, `"${value}" ${fault}`)
    }
  }
  if (schema.nodeTable && isEnabled(row)) checkNodeKey(schema, cell(row, 'node'), found)
  return findings
}

type Found = (severity: Finding['severity'], code: string, column: string, message: string, remedy?: string) => void

function checkPattern(value: string, form: string, column: string, found: Found): void {
  const { fault } = compileCell(value)
  if (fault !== undefined) found('error', 'bad-pattern', column, fault)
  // Two components and a trailing slash: more often a directory than a pattern.
  if (form === 'slash' && /dir$|statemnt/.test(column))
    found(
      'warning',
      'path-as-pattern',
      column,
      `${value} is a value pattern, not a path`,
      'leave out the trailing slash if a path is meant',
    )
}

function checkNodeKey(schema: TableSchema, name: string, found: Found): void {
  const fault = schema.name === 'nodelist' ? checkNodeName(name) : checkObjectName(name)
  if (fault !== undefined) found('error', 'bad-name', 'node', `"${name}" ${fault}`)
}

function checkNetworks(view: TablesView): Finding[] {
  const findings: Finding[] = []
  const master = enabledRows(view, 'site').find((row) => cell(row, 'key') === 'master')
  const names = new Map<string, Row>()
  for (const row of enabledRows(view, 'networks')) {
    const key = renderRowKey(row, ['net', 'mask'])
    const add = (column: string, message: string) =>
      findings.push({ severity: 'error', code: 'bad-network', table: 'networks', row: key, column, message })
    // Single addresses that are wrong are found by the schema already.
    parseNetworkRow(row, master && cell(master, 'value'), (column, message) => {
      if (column !== 'mtu' && !/is not an IPv4 address$/.test(message)) add(column, message)
      else if (!['net', 'mask', 'mtu'].includes(column)) add(column, message)
    })
    const name = cell(row, 'netname')
    const other = names.get(name)
    if (other && name !== '') add('netname', `${name} is also the name of ${renderRowKey(other, ['net', 'mask'])}`)
    names.set(name, row)
  }
  return findings
}
