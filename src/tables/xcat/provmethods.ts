/** nodetype.provmethod: older sites leave it blank or write `statelite`, and the image is named by os, arch and profile. */
import { nodeNames } from '../groups.ts'
import { createResolver, type Resolver } from '../resolve.ts'
import { cell, indexRows } from '../row.ts'
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
  const legacy = nodeNames(tables).flatMap((node) => legacyImage(node, resolver))
  const named: Named[] = []
  for (const each of legacy) {
    const isStatelite = each.written === '' || each.written === 'statelite'
    if (isStatelite && each.image !== undefined && images.has(each.image)) named.push(each)
    // A node that names no system at all is a switch or the like.
    else if (each.written !== '' || each.image !== undefined) noteUnnamed(tables, each)
  }
  for (const [from, group] of Map.groupBy(named, (each) => each.from)) nameImages(tables, from, group)
}

function legacyImage(node: string, resolver: Resolver): Named[] {
  const { value: written = '', origins } = resolver.explain(node, 'nodetype', 'provmethod')
  if (written !== '' && !LEGACY_PROVMETHODS.has(written)) return []
  const [os, arch, profile] = ['os', 'arch', 'profile'].map((column) => resolver.value(node, 'nodetype', column))
  const image = os && arch && profile ? `${os}-${arch}-statelite-${profile}` : undefined
  return [{ node, image, written, from: origins[0]?.key }]
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

/** Where one row speaks for all of them and they all mean the same image, that row is changed; else the nodes' own rows. */
function nameImages(tables: ImportedTables, from: string | undefined, named: readonly Named[]): void {
  const [first] = named
  if (!first) return
  const why = 'xCAT put the name together from os, arch and profile'
  const row = from === undefined ? undefined : tables.row('nodetype', `node=${from}`)
  const users = row?.current && cell(row.current, 'provmethod') === first.written ? row : undefined
  if (users && named.every(({ image }) => image === first.image) && speaksForAll(tables, from, named)) {
    tables.translate(users, { provmethod: first.image ?? null }, `provmethod "${first.written}" → ${first.image}`, why)
    return
  }
  for (const { node, image, written } of named) {
    const key = `node=${node}`
    const own = tables.row('nodetype', key) ?? tables.add('nodetype', { node })
    tables.translate(own, { provmethod: image ?? null }, `provmethod "${written}" → ${image}`, why)
  }
}

/** A group's row may also be the one of nodes that mean something else, or nothing. */
function speaksForAll(tables: ImportedTables, from: string | undefined, named: readonly Named[]): boolean {
  const meant = new Set(named.map(({ node }) => node))
  const resolver = createResolver(tables)
  return nodeNames(tables).every(
    (node) => meant.has(node) || resolver.explain(node, 'nodetype', 'provmethod').origins[0]?.key !== from,
  )
}
