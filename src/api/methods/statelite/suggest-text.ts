/** Suggested rows as a table for people. */
import type { Suggested } from './suggest.ts'

export function renderSuggested(subjects: readonly Suggested[], verbose: boolean): string[] {
  return subjects.flatMap((subject, at) => [...(at > 0 ? [''] : []), ...renderSubject(subject, verbose)])
}

function renderSubject({ subject, nodes, written, covered, suggestions, left }: Suggested, verbose: boolean): string[] {
  const lines = [headOf({ subject, nodes, written, covered })]
  if (suggestions.length > 0) {
    const isLearned = nodes.length > 0
    const head = ['image', 'file', 'options', ...(isLearned ? ['nodes', 'paths'] : []), 'why']
    const rows = suggestions.map(({ row, reason, nodes: by, paths }) => [
      ...[row.image, row.file, row.options],
      ...(isLearned ? [`${by.length}/${nodes.length}`, String(paths)] : []),
      reason,
    ])
    const below = suggestions.map(({ examples }) => (verbose ? examples.map((path) => `        ${path}`) : []))
    const [first, ...others] = columns([head, ...rows])
    lines.push(`  ${first}`, ...others.flatMap((line, at) => [`  ${line}`, ...(below[at] ?? [])]))
  } else lines.push('  no row is missing')
  if (left.length > 0) lines.push('  no rows for:', ...left.map((each) => `    ${renderLeft(each)}`))
  return lines
}

function headOf({ subject, nodes, written, covered }: Pick<Suggested, 'subject' | 'nodes' | 'written' | 'covered'>) {
  if (nodes.length === 0)
    return `${subject}: ${count(written, 'row')} recommended, ${covered} not needed beside those there are`
  return `${subject}: ${count(written, 'path')} written by ${count(nodes.length, 'node')}, ${covered} covered by rows already`
}

function renderLeft({ reason, paths, examples }: Suggested['left'][number]): string {
  const more = paths > examples.length ? ` and ${paths - examples.length} more` : ''
  return `${examples.join(' ')}${more}: ${reason}`
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)))
  return rows.map((row) =>
    row.map((text, at) => (at === row.length - 1 ? text : text.padEnd(widths[at] ?? 0))).join('  '),
  )
}
