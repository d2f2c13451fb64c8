/** Effects as lines for people: bounded, whatever the edit was. */

import { foldNodeNames } from '../../tables/noderange-fold.ts'
import type { AnswerChange } from './difference.ts'
import type { Effects, NodesChange } from './effects.ts'
import type { NetRowChange } from './row-changes.ts'

export const EFFECT_LIMITS = {
  /** Beyond a screen nobody reads on; --json has everything. */
  rowLines: 20,
  kinds: 10,
  /** A new image changes hundreds of entries: the first say it. */
  linesOfAKind: 30,
  /** A folded list of oddly named nodes can still be long. */
  nameCharacters: 300,
} as const

export function renderEffects({ rows, nodes }: Effects): string[] {
  if (rows.length === 0) return ['No row would change.']
  return ['Rows that would change:', ...indent(renderRows(rows)), ...renderNodes(nodes)]
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`)
}

/** Names in noderange notation, cut when there are too many. */
export function shortFold(names: readonly string[]): string {
  const folded = foldNodeNames(names)
  if (folded.length <= EFFECT_LIMITS.nameCharacters) return folded
  const cut = folded.lastIndexOf(',', EFFECT_LIMITS.nameCharacters)
  return `${folded.slice(0, cut > 0 ? cut : EFFECT_LIMITS.nameCharacters)},… (${names.length} in all)`
}

function renderRows(rows: readonly NetRowChange[]): string[] {
  const groups = Map.groupBy(rows, ({ table, kind, columns, name, row }) =>
    JSON.stringify([table, kind, columns, name === undefined ? row : '']),
  )
  const lines = [...groups.values()].map((same) => {
    const [first] = same as [NetRowChange, ...NetRowChange[]]
    const names = same.flatMap(({ name }) => name ?? [])
    const key = same.length > 1 ? `${first.row.split('=', 1)[0]}=${shortFold(names)}` : first.row
    return `${first.table} ${key}: ${renderColumns(first)}`
  })
  return bounded(lines, EFFECT_LIMITS.rowLines, 'more changes of rows')
}

function renderColumns({ kind, columns }: NetRowChange): string {
  const text = columns.map(({ column, before, after }) => {
    if (kind === 'added') return `${column}=${after}`
    if (kind === 'removed') return `${column}=${before}`
    return `${column}: ${before === '' ? '(unset)' : before} -> ${after === '' ? '(unset)' : after}`
  })
  if (kind === 'changed') return text.join(', ')
  return `${kind === 'added' ? 'new' : 'removed'}${text.length === 0 ? '' : ` (${text.join(', ')})`}`
}

function renderNodes(nodes: readonly NodesChange[]): string[] {
  if (nodes.length === 0) return ['No node would boot differently.']
  const blocks = nodes.slice(0, EFFECT_LIMITS.kinds).flatMap((each) => indent(renderKind(each)))
  const hidden = nodes.length - EFFECT_LIMITS.kinds
  const rest = nodes.slice(EFFECT_LIMITS.kinds).reduce((sum, each) => sum + each.nodes.length, 0)
  const more = hidden > 0 ? [`  … and ${hidden} more kinds of change, of ${rest} nodes (--json shows all)`] : []
  return ['Boot answers that would change:', ...blocks, ...more]
}

function renderKind({ kind, nodes, changes, vanished }: NodesChange): string[] {
  const names = shortFold(nodes)
  if (kind === 'removed') return [`${names}: gone, not answered any more`]
  const notes = [
    ...(kind === 'added' ? ['new'] : []),
    ...(nodes.length > 1 ? [`${nodes.length} nodes`, `values of ${nodes[0]}`] : []),
  ]
  const title = `${names}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}:`
  const isShown = ({ part, after, added }: AnswerChange) =>
    !vanished.includes(part) || after !== undefined || added !== undefined
  const shown = changes.filter(isShown)
  const silent = vanished.filter((part) => !shown.some((change) => change.part === part))
  const lines = [...shown.map(renderChange), ...silent.map((part) => `${part.padEnd(9)}  none any more`)]
  return [title, ...indent(bounded(lines, EFFECT_LIMITS.linesOfAKind, 'more changes'))]
}

function renderChange({ part, what, before, after, removed, added }: AnswerChange): string {
  const title = `${part.padEnd(9)}  ${what}: `
  if (removed !== undefined && added !== undefined)
    return title + [...removed.map((word) => `-${word}`), ...added.map((word) => `+${word}`)].join(' ')
  if (before === undefined) return `${title}${after} (new)`
  return after === undefined ? `${title}${before} (gone)` : `${title}${before} -> ${after}`
}

function bounded(lines: readonly string[], most: number, what: string): string[] {
  if (lines.length <= most) return [...lines]
  return [...lines.slice(0, most), `… and ${lines.length - most} ${what} (--json shows all)`]
}
