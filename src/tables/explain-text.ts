/** Explanations as lines of text. */
import type { AttributeExplanation, CellSource, ConditionCheck } from './explain.ts'

/** The value first; below it, indented, where it comes from. */
export function renderExplanation(explained: AttributeExplanation): string[] {
  const { node, attribute, value } = explained
  const head = value === null ? `${node}: ${attribute} is not set` : `${node}: ${attribute}=${value}`
  return [head, ...renderReasons(explained).map((line) => `    ${line}`)]
}

function renderReasons({
  node,
  table,
  column,
  value,
  groups,
  sources,
  joined,
  shadowed,
  disabled,
  conditions,
}: AttributeExplanation): string[] {
  const asked = groups.length === 0 || table === 'nodelist' ? node : `${node} or of its groups (${groups.join(',')})`
  const nothing = sources.length === 0 && table !== null ? [`no ${table} row of ${asked} has ${column}`] : []
  return [
    ...conditions.filter(({ holds }) => table === null || holds).map(renderCondition),
    ...nothing,
    ...sources.flatMap((source) => [`from ${renderSource(source)}`, ...renderPattern(source)]),
    ...(value === null && sources.length > 0 ? ['it comes to nothing, so no further group is asked'] : []),
    ...(joined === undefined ? [] : [joined]),
    ...shadowed.map((source) => `shadows ${renderSource(source)}${renderResult(source)}`),
    ...disabled.map((source) => `disabled: ${renderSource(source)}`),
  ]
}

/** `noderes row node=gA (group gA), netboot: xnba` */
export function renderSource({ table, key, from, column, cell }: CellSource): string {
  return `${table} row node=${key}${from === 'group' ? ' (group)' : ''}, ${column}: ${cell}`
}

function renderResult({ cell, value }: CellSource): string {
  return value === cell ? '' : ` = ${value ?? 'nothing'}`
}

function renderPattern({ pattern, value, fault }: CellSource): string[] {
  if (!pattern) return []
  const { regex, matched, captures, expressions } = pattern
  const found =
    matched === undefined
      ? `  ${regex} does not match the name: the name itself is the value`
      : `  ${regex} matches "${matched}"${captures.map((text, at) => `, $${at + 1}=${text}`).join('')}`
  return [
    found,
    ...expressions.map(({ source, value: result, fault: why }) => `  (${source}) = ${why ?? result}`),
    ...(fault !== undefined && expressions.length === 0 ? [`  ${fault}`] : []),
    `  value: ${value ?? 'nothing'}`,
  ]
}

function renderCondition({ attribute, words, value, holds, table }: ConditionCheck): string {
  const wanted = `${attribute} is ${words.join(' or ')}`
  if (holds) return `table ${table}, because ${wanted}`
  return `table ${table} only when ${wanted}; ${attribute} is ${value ?? 'not set'}`
}

/** One line per attribute: name=value, then where it stands. */
export function renderNodeSummary(node: string, explained: readonly AttributeExplanation[]): string[] {
  const pairs = explained.map((each) => [`${each.attribute}=${each.value}`, renderOrigin(each)] as const)
  const width = Math.min(40, Math.max(0, ...pairs.map(([text]) => text.length)))
  return [`${node}:`, ...pairs.map(([text, origin]) => `    ${text.padEnd(width)}  ${origin}`)]
}

function renderOrigin({ node, table, column, sources, shadowed }: AttributeExplanation): string {
  const places = sources.map(({ key, from, pattern, cell }) => {
    const place = from === 'group' ? `group ${key}` : node
    return pattern ? `${place}: ${cell}` : place
  })
  const hidden = shadowed.length === 0 ? '' : `; shadows ${shadowed.map(({ key }) => key).join(',')}`
  return `${table}.${column} of ${places.join(' + ')}${hidden}`
}
