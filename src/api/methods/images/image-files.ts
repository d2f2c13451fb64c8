/** Attributes of an image that name files of the server, and the rows of other tables that speak for an image. */
import type { Image } from '../../../cluster/model.ts'
import { rowStrength } from '../../../statelite/entries.ts'
import { cell, enabledRows, type Row, splitList, type TablesView } from '../../../tables/row.ts'
import { columnNames, tableSchema } from '../../../tables/schema.ts'

/** Comma lists of files. `words`: arguments may follow; `tagged`: `tag:file`. */
export const FILE_ATTRIBUTES = [
  { table: 'osimage', column: 'synclists', form: 'plain' },
  { table: 'linuximage', column: 'template', form: 'plain' },
  { table: 'linuximage', column: 'pkglist', form: 'plain' },
  { table: 'linuximage', column: 'otherpkglist', form: 'plain' },
  { table: 'linuximage', column: 'exlist', form: 'plain' },
  { table: 'linuximage', column: 'postinstall', form: 'words' },
  { table: 'linuximage', column: 'partitionfile', form: 'tagged' },
  { table: 'linuximage', column: 'driverupdatesrc', form: 'tagged' },
] as const

export type FileAttribute = (typeof FILE_ATTRIBUTES)[number]

/** Every path in the value of such an attribute, put through `change`; what is around it stays. */
export function mapPaths(value: string, form: FileAttribute['form'], change: (path: string) => string): string {
  return splitList(value)
    .map((item) => {
      const [, tag = '', path = '', rest = ''] =
        (form === 'tagged' ? /^((?:[a-z]+:)?)(\/.*)()$/ : /^()(\/\S*)(.*)$/).exec(item) ?? []
      if (path === '') return item
      return form === 'plain' ? change(item) : `${tag}${change(path)}${rest}`
    })
    .join(',')
}

export function pathsOf(value: string, form: FileAttribute['form']): string[] {
  const paths: string[] = []
  mapPaths(value, form, (path) => {
    paths.push(path)
    return path
  })
  return paths
}

/** Filled columns of the image's row, the key left out. */
export function imageColumns(view: TablesView, table: 'osimage' | 'linuximage', name: string): Record<string, string> {
  const schema = tableSchema(table)
  const row = enabledRows(view, table).find((candidate) => cell(candidate, 'imagename') === name)
  const columns = schema ? columnNames(schema).filter((column) => column !== 'imagename' && column !== 'disable') : []
  const filled = columns.flatMap((column) => (row && cell(row, column) !== '' ? [[column, cell(row, column)]] : []))
  return Object.fromEntries(filled)
}

/** Rows of litefile or litetree that speak for the image, the weakest first: of two for one path the last one counts. */
export function rowsForImage(view: TablesView, table: 'litefile' | 'litetree', image: Image): Row[] {
  return enabledRows(view, table)
    .map((row) => ({ row, strength: rowStrength(cell(row, 'image'), image) }))
    .filter((found): found is { row: Row; strength: number } => found.strength !== undefined)
    .sort((a, b) => b.strength - a.strength)
    .map(({ row }) => row)
}

/** litetree.priority is the key over all images: the number itself, or the next free one right behind it. */
export function freePriority(taken: ReadonlySet<number>, wanted: number): number {
  let priority = wanted
  for (let step = 1; taken.has(priority); step++) priority = Number((wanted + step / 1000).toFixed(3))
  return priority
}
