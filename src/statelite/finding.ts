/**
 * The statelite room: litefile, litetree, statelite and osimage rows in, one node's plan out.
 *
 * Everything here is pure: a `Snapshot` and a context in, values out. The room must not know sockets, files, the
 * database or the clock, and it never looks into an image tree: what stands on disk is liteimg's business.
 * Read in this order: options, paths, entries, matrix, litetree, persistent, plan.
 */

/** Something wrong in the tables. An error stops the plan of the nodes concerned; a warning is only shown. */
export interface Finding {
  readonly severity: 'error' | 'warning'
  /** The row to look at: `litefile row image=ALL,file=/var/`. */
  readonly where: string
  readonly message: string
  /** What to do about it. */
  readonly advice: string
}

export function errorFinding(where: string, message: string, advice: string): Finding {
  return { severity: 'error', where, message, advice }
}

export function warningFinding(where: string, message: string, advice: string): Finding {
  return { severity: 'warning', where, message, advice }
}

export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.severity === 'error')
}

/** One line for people: `litefile row image=ALL,file=/var/: …: …`. */
export function renderFinding(finding: Finding): string {
  return `${finding.where}: ${finding.message}: ${finding.advice}`
}

/** The same finding reached by several images or nodes is said once. */
export function distinctFindings(findings: readonly Finding[]): Finding[] {
  const seen = new Map<string, Finding>()
  for (const finding of findings) seen.set(`${finding.severity} ${renderFinding(finding)}`, finding)
  return [...seen.values()]
}
