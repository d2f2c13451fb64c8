/**
 * What `liteboot check` finds: one line each, the same finding about many nodes said once. A check adds to the report and
 * never throws for what it finds.
 *
 * Read in this order: report, subject, tables, nodes, images (root-tree, kernel-files, initrd-files), directories,
 * loaders, networks, server, run.
 */
import { shortFold } from '../../effects/render.ts'

export const SEVERITIES = ['error', 'warning', 'info'] as const
export type Severity = (typeof SEVERITIES)[number]

/** `<node>` in the texts stands for each node's own name. */
export interface CheckFinding {
  readonly severity: Severity
  /** Fixed word, for scripts; docs/reference/findings.md lists them. */
  readonly code: string
  /** A row, an image, a directory: `nodetype row node=cn01`, `image el9`. */
  readonly where: string
  readonly message: string
  readonly remedy: string
}

export interface GroupedFinding extends CheckFinding {
  /** Nodes it is about, sorted; empty when it is not about single nodes. */
  readonly nodes: readonly string[]
}

export class CheckReport {
  readonly #found = new Map<string, { finding: CheckFinding; nodes: string[] }>()

  add(severity: Severity, code: string, where: string, message: string, remedy: string, node?: string): void {
    const own = (text: string) => (node === undefined ? text : replaceName(text, node))
    const finding = { severity, code, where: own(where), message: own(message), remedy: own(remedy) }
    const key = JSON.stringify(Object.values(finding))
    const same = this.#found.get(key) ?? { finding, nodes: [] }
    this.#found.set(key, same)
    if (node !== undefined && same.nodes.at(-1) !== node) same.nodes.push(node)
  }

  has(test: (finding: CheckFinding) => boolean): boolean {
    return [...this.#found.values()].some(({ finding }) => test(finding))
  }

  /** Worst first, else in the order in which they were found. */
  findings(): GroupedFinding[] {
    const all = [...this.#found.values()].map(({ finding, nodes }) => ({ ...restoreName(finding, nodes), nodes }))
    return all.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity))
  }
}

const PLACEHOLDER = '<node>'

function replaceName(text: string, node: string): string {
  if (!text.includes(node)) return text
  return text.replace(new RegExp(`(?<![A-Za-z0-9_.])${node}(?![A-Za-z0-9_])`, 'g'), PLACEHOLDER)
}

function restoreName(finding: CheckFinding, nodes: readonly string[]): CheckFinding {
  const [only, second] = nodes
  if (only === undefined || second !== undefined) return finding
  const own = (text: string) => text.replaceAll(PLACEHOLDER, only)
  const { where, message, remedy } = finding
  return { ...finding, where: own(where), message: own(message), remedy: own(remedy) }
}

/** `error    cn[01-40]: statelite row: what is wrong: what to do` */
export function renderCheckFinding({ severity, where, nodes, message, remedy }: GroupedFinding): string {
  const names = nodes.length === 0 ? '' : shortFold(nodes)
  // A row says by itself whom it is about.
  const place = names === '' || where === names ? where : where === '' ? names : `${names}: ${where}`
  const advice = remedy === '' ? '' : ` (${remedy})`
  return `${severity.padEnd(7)}  ${place}: ${message}${advice}`
}

export function renderSummary(findings: readonly GroupedFinding[], nodes: number, images: number): string {
  const count = (number: number, word: string) => `${number} ${word}${number === 1 ? '' : 's'}`
  const of = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length
  const notes = of('info') > 0 ? `, ${count(of('info'), 'note')}` : ''
  return `${count(nodes, 'node')} and ${count(images, 'image')} checked: ${count(of('error'), 'error')}, ${count(of('warning'), 'warning')}${notes}.`
}
