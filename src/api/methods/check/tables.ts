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
  for (const fault of snapshot.faults) addFault(fault, findings, subject, report)
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

/** What compiling left out. Most of it is a finding about the same row already. */
function addFault(fault: string, findings: readonly Finding[], subject: Subject, report: CheckReport): void {
  const [, table = '', row = '', message = fault] = /^(\w+) row ([^:]*): (.*)$/s.exec(fault) ?? []
  const [key = ''] = row.split(', column')
  const known = findings.some(
    (finding) =>
      finding.table === table && (finding.row === key || key.startsWith('netname=') || fault.includes(finding.message)),
  )
  if (known || !isAbout(subject, table, key)) return
  const isLost = /left out|does not get it/.test(message)
  report.add(
    isLost ? 'error' : 'warning',
    'left-out',
    table === '' ? 'tables' : `${table} row ${row}`,
    message,
    'correct the row',
  )
}
