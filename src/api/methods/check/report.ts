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

/** `<node>` and `<ip>` in the texts stand for each node's own, when there are several. */
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

/** Whom a finding is about. */
export interface Concerned {
  readonly name: string
  readonly ip?: string | undefined
}

export class CheckReport {
  readonly #found = new Map<string, { finding: CheckFinding; first: Concerned | undefined; nodes: string[] }>()

  add(severity: Severity, code: string, where: string, message: string, remedy: string, node?: Concerned): void {
    const common = (text: string) => (node === undefined ? text : withPlaceholders(text, node))
    const finding = { severity, code, where: common(where), message: common(message), remedy: common(remedy) }
    const key = JSON.stringify(Object.values(finding))
    const same = this.#found.get(key) ?? { finding, first: node, nodes: [] }
    this.#found.set(key, same)
    if (node !== undefined && same.nodes.at(-1) !== node.name) same.nodes.push(node.name)
  }

  has(test: (finding: CheckFinding) => boolean): boolean {
    return [...this.#found.values()].some(({ finding }) => test(finding))
  }

  /** Worst first, else in the order in which they were found. */
  findings(): GroupedFinding[] {
    const all = [...this.#found.values()].map(({ finding, first, nodes }) => ({
      ...(first === undefined || nodes.length > 1 ? finding : withOwnWords(finding, first)),
      nodes,
    }))
    return all.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity))
  }
}

/** The words that differ from node to node. */
function withPlaceholders(text: string, { name, ip }: Concerned): string {
  const named = replaceWord(text, name, '<node>')
  return ip === undefined ? named : replaceWord(named, ip, '<ip>')
}

function replaceWord(text: string, word: string, placeholder: string): string {
  if (!text.includes(word)) return text
  const pattern = word.replaceAll('.', '\\.')
  return text.replace(new RegExp(`(?<![A-Za-z0-9_.])${pattern}(?![A-Za-z0-9_]|\\.\\d)`, 'g'), placeholder)
}

function withOwnWords(finding: CheckFinding, { name, ip }: Concerned): CheckFinding {
  const own = (text: string) => text.replaceAll('<node>', name).replaceAll('<ip>', ip ?? '<ip>')
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

/** More than this nobody reads; --json has everything. */
const MOST_LINES = 200

export function renderFindings(findings: readonly GroupedFinding[]): string[] {
  const lines = findings.slice(0, MOST_LINES).map(renderCheckFinding)
  const more = findings.length - lines.length
  return more > 0 ? [...lines, `… and ${more} more findings (--json shows all)`] : lines
}

export function renderSummary(findings: readonly GroupedFinding[], nodes: number, images: number): string {
  const count = (number: number, word: string) => `${number} ${word}${number === 1 ? '' : 's'}`
  const of = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length
  const notes = of('info') > 0 ? `, ${count(of('info'), 'note')}` : ''
  return `${count(nodes, 'node')} and ${count(images, 'image')} checked: ${count(of('error'), 'error')}, ${count(of('warning'), 'warning')}${notes}.`
}
