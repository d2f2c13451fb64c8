/** What a check finds: one line for the administrator, about one row. */

export interface Finding {
  readonly severity: 'error' | 'warning'
  /** Short fixed word, for scripts: `bad-value`, `duplicate-mac`, … */
  readonly code: string
  readonly table: string
  /** Key of the row: `image=ALL,file=/etc/motd`; '' for the table as a whole. */
  readonly row: string
  readonly column?: string
  /** What is wrong. */
  readonly message: string
  /** What to do, when that is not plain. */
  readonly remedy?: string
}

export function renderFinding(finding: Finding): string {
  const row = finding.row === '' ? '' : ` row ${finding.row}`
  const column = finding.column === undefined ? '' : `, column ${finding.column}`
  const remedy = finding.remedy === undefined ? '' : ` (${finding.remedy})`
  return `${finding.table}${row}${column}: ${finding.message}${remedy}`
}

/** Two findings with the same identity are the same finding before and after an edit. */
export function findingIdentity(finding: Finding): string {
  return `${finding.severity}\0${finding.code}\0${renderFinding(finding)}`
}
