/** Names in tables that ought to be somewhere else as well, and values that must have a certain form to work. */
import { cellForm } from './cells.ts'
import { rememberCheck } from './check-memo.ts'
import type { Finding } from './findings.ts'
import { parseWherevals } from './groups.ts'
import { nearestName } from './nearest-name.ts'
import { cell, enabledRows, type Row, renderRowKey, splitList, type TablesView } from './row.ts'
import { TABLES } from './schema.ts'
import { substituteVariables } from './variables.ts'

/** Words of nodetype.provmethod that older sites use in place of an image name. */
const LEGACY_PROVMETHODS = new Set(['install', 'netboot', 'statelite'])

export const checkReferences = rememberCheck(
  ['osimage', 'nodetype', 'litefile', 'litetree', 'linuximage', 'statelite', 'nodegroup'],
  findReferences,
)

function findReferences(view: TablesView): readonly Finding[] {
  const findings: Finding[] = []
  const add = (
    severity: Finding['severity'],
    code: string,
    table: string,
    row: Row,
    column: string,
    message: string,
    remedy?: string,
  ) => {
    const key = renderRowKey(row, TABLES.get(table)?.key ?? [])
    const base: Finding = { severity, code, table, row: key, column, message }
    findings.push(remedy === undefined ? base : { ...base, remedy })
  }
  const images = new Map(enabledRows(view, 'osimage').map((row) => [cell(row, 'imagename'), row]))
  const imageGroups = new Set([...images.values()].flatMap((row) => splitList(cell(row, 'groups'))))

  const meant = (name: string) => {
    const near = nearestName(name, [...images.keys(), ...imageGroups])
    return near === undefined ? undefined : `did you mean ${near}?`
  }

  for (const row of enabledRows(view, 'nodetype')) {
    const image = cell(row, 'provmethod')
    if (image === '' || cellForm(image) !== 'plain' || images.has(image)) continue
    if (LEGACY_PROVMETHODS.has(image))
      add(
        'warning',
        'legacy-provmethod',
        'nodetype',
        row,
        'provmethod',
        `${image} is not the name of an image`,
        'name an osimage',
      )
    else add('warning', 'unknown-image', 'nodetype', row, 'provmethod', `there is no osimage ${image}`, meant(image))
  }
  for (const table of ['litefile', 'litetree']) {
    for (const row of enabledRows(view, table)) {
      const image = cell(row, 'image')
      if (image === '' || image === 'ALL' || images.has(image) || imageGroups.has(image)) continue
      add(
        'warning',
        'unknown-image',
        table,
        row,
        'image',
        `there is no image and no image group ${image}`,
        meant(image) ?? 'or write ALL',
      )
    }
  }
  for (const row of enabledRows(view, 'linuximage')) {
    if (!images.has(cell(row, 'imagename')))
      add('warning', 'unknown-image', 'linuximage', row, 'imagename', 'there is no osimage of this name')
  }
  for (const row of enabledRows(view, 'statelite')) {
    const fault = checkDirectory(cell(row, 'statemnt'), true)
    if (fault !== undefined) add('error', 'bad-directory', 'statelite', row, 'statemnt', fault)
  }
  for (const row of enabledRows(view, 'litetree')) {
    const fault = checkDirectory(cell(row, 'directory'), false)
    if (fault !== undefined) add('error', 'bad-directory', 'litetree', row, 'directory', fault)
  }
  for (const row of enabledRows(view, 'nodegroup')) {
    const parsed = cell(row, 'grouptype') === 'dynamic' ? parseWherevals(cell(row, 'wherevals')) : undefined
    if (parsed && 'fault' in parsed) add('error', 'bad-condition', 'nodegroup', row, 'wherevals', parsed.fault)
  }
  return findings
}

/** `server:/path` or `/path`. Variables get stand-ins here: only their names and places can be checked. */
export function checkDirectory(text: string, serverRequired: boolean): string | undefined {
  if (text === '' || cellForm(text) === 'bar' || cellForm(text) === 'easy') return undefined
  const substituted = substituteVariables(text, { node: 'node', attribute: () => 'value', site: () => 'value' })
  if ('fault' in substituted) return substituted.fault
  const { value } = substituted
  if (/\s/.test(value)) return `"${text}" has a blank`
  const colon = value.indexOf(':')
  const path = colon === -1 ? value : value.slice(colon + 1)
  if (colon === 0) return `"${text}" has nothing before the colon: the server is missing`
  if (colon === -1 && serverRequired && !text.startsWith('$')) return `"${text}" is not server:/path`
  // A value of one variable may bring server and path together.
  if (colon === -1 && text.startsWith('$')) return undefined
  if (!path.startsWith('/')) return `"${text}": the path does not start with /`
  return path.split('/').includes('..') ? `"${text}": .. is not allowed in the path` : undefined
}
