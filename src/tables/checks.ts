/**
 * Everything about the tables that can be said without an image or a boot: unknown words, bad addresses, names that
 * cannot be used, two nodes with one address. litefile options and paths belong to the statelite room, which brings its
 * own checker.
 */
import { checkBoots } from './boot-checks.ts'
import { cellForm, compileCell } from './cells.ts'
import { checkDiscovery } from './discovery-checks.ts'
import type { Finding } from './findings.ts'
import { checkGroups } from './group-checks.ts'
import { checkNetworks } from './network-checks.ts'
import { checkNodes } from './node-checks.ts'
import { checkProxyNetworks } from './proxy-checks.ts'
import { checkReferences } from './reference-checks.ts'
import { cell, isEnabled, type Row, renderRowKey, type TablesView } from './row.ts'
import { TABLES, type TableSchema } from './schema.ts'
import { checkSite } from './site-checks.ts'
import { CONTROL, checkNodeName, checkObjectName } from './values.ts'

export function checkTables(view: TablesView): readonly Finding[] {
  return [
    ...[...TABLES.values()].flatMap((schema) => tableFindings(schema, view.read(schema.name))),
    ...checkSite(view),
    ...checkDiscovery(view),
    ...checkProxyNetworks(view),
    ...checkNetworks(view),
    ...checkGroups(view),
    ...checkNodes(view),
    ...checkBoots(view),
    ...checkReferences(view),
  ]
}

/** Row lists are never changed in place either. */
const knownTables = new WeakMap<readonly Row[], readonly Finding[]>()

function tableFindings(schema: TableSchema, rows: readonly Row[]): readonly Finding[] {
  if (rows.length === 0) return []
  let findings = knownTables.get(rows)
  if (!findings) {
    findings = rows.flatMap((row) => rowFindings(schema, row))
    knownTables.set(rows, findings)
  }
  return findings
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
