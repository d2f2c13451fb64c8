/** nodetype.provmethod: older sites leave it blank or write `statelite`, and the image is named by os, arch and profile. */
import { nodeNames } from '../groups.ts'
import { createResolver, type Resolver } from '../resolve.ts'
import { cell, indexRows, isEnabled } from '../row.ts'
import type { ImportedTables } from './imported-tables.ts'
import { LEGACY_PROVMETHODS } from './xcat-rules.ts'

interface Named {
  readonly node: string
  /** The image that xCAT had in mind; undefined: it could not be made out. */
  readonly image: string | undefined
  readonly written: string
  /** Row that has the word; undefined: none has. */
  readonly from: string | undefined
}

export function translateProvmethods(tables: ImportedTables): void {
  if (!tables.tables.includes('nodetype')) return
  const resolver = createResolver(tables)
  const images = indexRows(tables.read('osimage'), 'imagename')
  /** How many nodes have their word from a row. */
  const users = new Map<string | undefined, number>()
  const named: Named[] = []
  for (const node of nodeNames(tables)) {
    const each = namedImage(node, resolver)
    users.set(each.from, (users.get(each.from) ?? 0) + 1)
    if (each.written !== '' && !LEGACY_PROVMETHODS.has(each.written)) continue
    const isStatelite = each.written === '' || each.written === 'statelite'
    if (isStatelite && each.image !== undefined && images.has(each.image)) named.push(each)
    // A node that names no system at all is a switch or the like.
    else if (each.written !== '' || each.image !== undefined) noteUnnamed(tables, each)
  }
  for (const [from, group] of Map.groupBy(named, (each) => each.from))
    nameImages(tables, from, group, users.get(from) === group.length)
}

function namedImage(node: string, resolver: Resolver): Named {
  const { value: written = '', origins } = resolver.explain(node, 'nodetype', 'provmethod')
  const [os, arch, profile] = ['os', 'arch', 'profile'].map((column) => resolver.value(node, 'nodetype', column))
  const image = os && arch && profile ? `${os}-${arch}-statelite-${profile}` : undefined
  return { node, image, written, from: origins[0]?.key }
}

function noteUnnamed(tables: ImportedTables, { node, image, written }: Named): void {
  const what = written === '' ? 'provmethod is blank' : `provmethod ${written}`
  const why =
    written === 'install' || written === 'netboot'
      ? 'not the name of an image: such nodes get an address and no boot'
      : image === undefined
        ? 'os, arch and profile, which would name the image, are not all set'
        : `there is no osimage ${image}`
  tables.note('nodetype', `node=${node}`, what, why)
}

/**
 * Where one row speaks for all of them and they all mean the same image, that row is changed; else the nodes' own rows.
 * @param isAll no other node has its word from this row: one that means something else, or nothing
 */
function nameImages(tables: ImportedTables, from: string | undefined, named: readonly Named[], isAll: boolean): void {
  const [first] = named
  if (!first) return
  const why = 'xCAT put the name together from os, arch and profile'
  const source = from === undefined ? undefined : tables.row('nodetype', `node=${from}`)
  const isWord = source?.current !== undefined && cell(source.current, 'provmethod') === first.written
  if (source && isWord && isAll && named.every(({ image }) => image === first.image)) {
    tables.translate(source, { provmethod: first.image ?? null }, `provmethod "${first.written}" → ${first.image}`, why)
    return
  }
  for (const { node, image, written } of named) {
    const key = `node=${node}`
    const row = tables.row('nodetype', key)
    if (row?.current && !isEnabled(row.current)) {
      tables.note(
        'nodetype',
        key,
        `provmethod "${written}"`,
        `its image is ${image}, but the row is disabled: chdef ${node} provmethod=${image}`,
      )
      continue
    }
    const own = row?.current ? row : tables.add('nodetype', { node })
    tables.translate(own, { provmethod: image ?? null }, `provmethod "${written}" → ${image}`, why)
  }
}
