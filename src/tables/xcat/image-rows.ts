/** Which rows speak for an image: groups compared as one text, and ALL before the groups, are xCAT's own. */
import { cell, enabledRows, splitList } from '../row.ts'
import type { ImportedTables } from './imported-tables.ts'

const SELECTING_TABLES = ['litefile', 'litetree'] as const

/**
 * `groups=a,b` is one group called "a,b" to xCAT: rows for a or b do not count for that image. Where rows name one of them,
 * the list becomes one name, so that they still do not.
 */
export function translateImageGroups(tables: ImportedTables): void {
  const named = new Set(
    SELECTING_TABLES.flatMap((table) => enabledRows(tables, table).map((row) => cell(row, 'image'))),
  )
  const taken = new Set([
    ...SELECTING_TABLES.flatMap((table) => tables.rows(table).map(({ original }) => original?.image)),
    ...tables.rows('osimage').flatMap(({ original }) => [original?.imagename, original?.groups]),
  ])
  const renamed = new Map<string, string>()
  for (const row of tables.rows('osimage')) {
    const groups = row.current ? cell(row.current, 'groups') : ''
    if (!groups.includes(',')) continue
    // Nothing asks for them: the list can stay as the administrator wrote it.
    if (!named.has(groups) && !splitList(groups).some((group) => named.has(group))) continue
    const joined = renamed.get(groups) ?? freeName(groups, taken)
    renamed.set(groups, joined)
    taken.add(joined)
    const why = 'xCAT compared the list as one name; write the list again to let rows for each of its groups count'
    tables.translate(row, { groups: joined }, `groups ${groups} → ${joined}`, why)
  }
  for (const table of SELECTING_TABLES) {
    for (const row of tables.enabled(table)) {
      const image = cell(row.current, 'image')
      const joined = renamed.get(image)
      if (joined !== undefined)
        tables.translate(row, { image: joined }, `image ${image} → ${joined}`, 'renamed together with osimage.groups')
    }
  }
}

function freeName(groups: string, taken: ReadonlySet<unknown>): string {
  const joined = splitList(groups).join('-')
  let name = joined
  for (let number = 2; taken.has(name); number++) name = `${joined}-${number}`
  return name
}

/** xCAT lets a row for ALL win over one for a group: the group's row never counted, and would now. */
export function setAsideShadowedRows(tables: ImportedTables): void {
  const images = tables.rows('osimage').flatMap(({ current }) => (current ? [current] : []))
  const names = new Set(images.map((image) => cell(image, 'imagename')))
  const groups = new Set(images.flatMap((image) => splitList(cell(image, 'groups'))))
  const forAll = new Map(
    tables
      .enabled('litefile')
      .filter(({ current }) => cell(current, 'image') === 'ALL')
      .map(({ current }) => [cell(current, 'file'), cell(current, 'options')]),
  )
  for (const row of tables.enabled('litefile')) {
    const image = cell(row.current, 'image')
    const winner = forAll.get(cell(row.current, 'file'))
    if (winner === undefined || !groups.has(image) || names.has(image)) continue
    tables.setAside(
      row,
      `under xCAT the row for ALL won (${winner}); here the row for ${image} would, if it were enabled`,
    )
  }
}
