/** The tables as a whole: what every edit is checked against, for rows that were there before the checks were. */
import type { Snapshot } from '../../../cluster/model.ts'
import type { Finding } from '../../../tables/findings.ts'
import type { TablesView } from '../../../tables/row.ts'
import { findUnreached } from '../../../tables/unreached-checks.ts'
import { EDIT_CHECKERS } from '../../checkers.ts'
import type { CheckReport } from './report.ts'
import { isAbout, type Subject } from './subject.ts'

/** Said node by node, with the reason, when a node really has the fault. */
const SAID_BY_NODES: Readonly<Record<string, RegExp>> = {
  'unknown-image': /which is not defined/,
  'legacy-provmethod': /is not an image name/,
  'no-network': /no network contains/,
  'no-statemnt': /no statelite row for/,
  'no-serialspeed': /no serialspeed/,
  statelite: /^/,
}

export function checkTablesOf(view: TablesView, snapshot: Snapshot, subject: Subject, report: CheckReport): void {
  const findings = EDIT_CHECKERS.flatMap((checker) => checker(view))
  for (const finding of findings) {
    if (!isAbout(subject, finding.table, finding.row) || isSaid(finding, report)) continue
    const { severity, code, table, row, column, message, remedy = '' } = finding
    const where = `${table}${row === '' ? '' : ` row ${row}`}${column === undefined ? '' : `, column ${column}`}`
    report.add(severity, code, where, message, remedy === '' ? (ADVICE[code] ?? '') : remedy)
  }
  const known = knownFaults(findings, subject.isWhole)
  for (const fault of snapshot.faults) if (!known(fault)) addFault(fault, subject, report)
  if (!subject.isWhole) return
  for (const { code, table, row, message, remedy = '' } of findUnreached(view))
    report.add('info', code, row === '' ? table : `${table} row ${row}`, message, remedy)
}

const ADVICE: Readonly<Record<string, string>> = {
  'unknown-image': 'correct the name, or define the image',
  'no-network': 'add a networks row, or correct the address',
  'duplicate-ip': 'give one of them another address',
  'duplicate-mac': 'give one of them another hardware address',
  'bad-pattern': 'correct the expression',
  'bad-value': 'correct the cell',
  'bad-network': 'correct the row',
}

function isSaid(finding: Finding, report: CheckReport): boolean {
  const { code, table, row, message } = finding
  const pattern = table === 'litefile' && code === 'unknown-image' ? undefined : SAID_BY_NODES[code]
  if (pattern === undefined) return false
  // The statelite room's findings about rows are the same in both.
  if (code === 'statelite')
    return report.has((said) => said.message === message && said.where === `${table} row ${row}`)
  const image = /\S+$/.exec(message)?.[0] ?? ''
  return report.has(
    (said) => pattern.test(said.message) && (code !== 'unknown-image' || said.message.includes(` ${image},`)),
  )
}

const FAULT = /^(\w+) row ([^:]*): (.*)$/s

/** Most of what compiling leaves out is a finding about the same row already. */
function knownFaults(findings: readonly Finding[], isWhole: boolean): (fault: string) => boolean {
  const rows = new Set(findings.map(({ table, row }) => `${table} ${row}`))
  const tables = new Set(findings.map(({ table }) => table))
  const ofNodes = findings.filter(({ code }) => code === 'no-value').map(({ message }) => message)
  return (fault) => {
    const [, table = '', row = '', message = ''] = FAULT.exec(fault) ?? []
    const [key = ''] = row.split(', column')
    if (rows.has(`${table} ${key}`)) return true
    // Networks are named in one and keyed in the other.
    if (tables.has(table) && key.startsWith('netname=')) return true
    // Of addresses that two nodes have only the first few are listed, and the number of the others.
    if (isWhole && tables.has(table) && message.includes(' belongs to node ')) return true
    return ofNodes.some((text) => fault.includes(text))
  }
}

function addFault(fault: string, subject: Subject, report: CheckReport): void {
  const [, table = '', row = '', message = fault] = FAULT.exec(fault) ?? []
  const [key = ''] = row.split(', column')
  if (!isAbout(subject, table, key)) return
  const where = table === '' ? 'tables' : `${table} row ${row}`
  report.add(
    /left out|does not get it/.test(message) ? 'error' : 'warning',
    'left-out',
    where,
    message,
    'correct the row',
  )
}
