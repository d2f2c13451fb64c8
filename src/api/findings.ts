/** What the rooms below find wrong, in one form: that of the tables room. */
import type { Finding as StateliteFinding } from '../statelite/finding.ts'
import { type Finding, renderFinding } from '../tables/findings.ts'

/** `litefile row image=ALL,file=/etc/motd`; findings about one node begin with its name. */
const WHERE = /^(?:[\w-]+: )?(\w+) row(?: (.*))?$/s

/** The statelite and boot rooms name the row in words, and always say what to do. */
export function tableFinding({ severity, where, message, advice }: StateliteFinding): Finding {
  const [, table = where, row = ''] = WHERE.exec(where) ?? []
  return { severity, code: 'statelite', table, row, message, remedy: advice }
}

/** `Error: litefile row …: what is wrong (what to do)`; with a node: `cn01: Error: …`. */
export function findingLine(finding: Finding, node?: string): string {
  const kind = finding.severity === 'error' ? 'Error' : 'Warning'
  return `${node === undefined ? '' : `${node}: `}${kind}: ${renderFinding(finding)}`
}
