/** What happens to a path of a node's root, and which rows say so. */
import type { ClusterNode, Image } from '../../../cluster/model.ts'
import type { NodeStatelite } from '../../../statelite/compile.ts'
import { type Entry, litefileRowName, rowStrength } from '../../../statelite/entries.ts'
import { litetreeRowName } from '../../../statelite/litetree.ts'
import { isPersistentOption } from '../../../statelite/options.ts'
import { ancestorsOf, isDirectoryPath, withoutTrailingSlash } from '../../../statelite/paths.ts'
import type { Root } from '../../../statelite/root.ts'
import { explainColumn } from '../../../tables/explain.ts'
import { renderSource } from '../../../tables/explain-text.ts'
import type { ObjectsContext } from '../../../tables/objects.ts'
import { cell, isEnabled, renderRowKey } from '../../../tables/row.ts'
import { findingLine, tableFinding } from '../../findings.ts'
import type { Compiled } from '../context.ts'
import type { NodeResult } from '../per-node.ts'

export function explainPath(
  objects: ObjectsContext,
  node: ClusterNode,
  { snapshot, answers }: Compiled,
  path: string,
): NodeResult {
  const answer = answers.statelite(node, snapshot)
  const findings = 'findings' in answer ? answer.findings : answer.value.findings
  const errors = findings
    .filter(({ severity }) => severity === 'error')
    .map((finding) => findingLine(tableFinding(finding), node.name))
  if ('findings' in answer) return { output: [], errors }
  const statelite = answer.value
  const { deciding, below } = decidingEntry(statelite, path)
  const others = rowsWithoutSay(objects, statelite, path)
  const explained = deciding ? explainEntry(objects, statelite, deciding, below, path) : unlisted(statelite, path)
  const head = deciding ? `${below ? 'below ' : ''}${deciding.option}` : 'ro'
  return {
    output: [
      `${node.name}: ${path}: ${deciding ? head : 'read-only, from the image'}`,
      ...[...explained.lines, ...others].map((line) => `    ${line}`),
    ],
    errors,
    data: { node: node.name, path, image: statelite.image.name, ...explained.data, others },
  }
}

/** The entry of the path itself, else the nearest listed directory above it. */
function decidingEntry({ entries }: NodeStatelite, path: string): { deciding?: Entry; below: boolean } {
  const wanted = withoutTrailingSlash(path)
  const itself = entries.find((entry) => withoutTrailingSlash(entry.path) === wanted)
  if (itself) return { deciding: itself, below: false }
  const directories = new Map(
    entries.filter(({ path: each }) => isDirectoryPath(each)).map((entry) => [entry.path, entry]),
  )
  const above = ancestorsOf(path).find((ancestor) => directories.has(ancestor))
  const deciding = above === undefined ? undefined : directories.get(above)
  return deciding ? { deciding, below: true } : { below: false }
}

/** Rows for the same path that do not count: the first thing to look at when a row seems to do nothing. */
function rowsWithoutSay({ view }: ObjectsContext, { image }: NodeStatelite, path: string): string[] {
  const wanted = withoutTrailingSlash(path)
  return view
    .read('litefile')
    .filter((row) => withoutTrailingSlash(cell(row, 'file')) === wanted)
    .flatMap((row) => {
      const name = `litefile row ${renderRowKey(row, ['image', 'file'])}`
      if (!isEnabled(row)) return [`does not count: ${name} is disabled`]
      const counts = rowStrength(cell(row, 'image'), image) !== undefined
      return counts ? [] : [`does not count: ${name} is for another image than ${image.name}`]
    })
}

interface Explained {
  readonly lines: readonly string[]
  readonly data: object
}

/** A packed root is told by its URL, what is in it by its path. */
function rootPlace(root: Root): string {
  return root.type === 'ramdisk' ? `${root.url} ` : `${root.server}:${root.directory}`
}

function unlisted({ image, root }: NodeStatelite, path: string): Explained {
  const place = root && `${rootPlace(root)}${path}`
  const lines = [
    `no litefile row for image ${image.name}, its groups (${image.groups.join(',') || 'none'}), ALL or blank names it or a directory above it`,
    ...(place === undefined ? [] : [`content: ${place}`]),
  ]
  return { lines, data: { option: null, row: null, shadowed: [], below: false, content: place ?? null } }
}

function explainEntry(
  objects: ObjectsContext,
  statelite: NodeStatelite,
  entry: Entry,
  below: boolean,
  path: string,
): Explained {
  const { node, image, trees } = statelite
  const strength = (cell: string) => strengthWord(cell, image)
  const parent = statelite.entries.find((each) => each.path === entry.parent)
  const found = contentPlaces(statelite, below ? entry.path : path)
  const store = isPersistentOption(entry.option) ? persistentPlace(objects, statelite, path) : undefined
  const lines = [
    `from ${litefileRowName(entry.row)} (${strength(entry.row.image)}), options: ${entry.row.options || 'blank, so tmpfs'}`,
    ...(below ? [`no row names ${path} itself: it is part of ${entry.path}`] : []),
    ...entry.shadowed.map(
      (row) => `shadows ${litefileRowName(row)} (${strength(row.image)}), options: ${row.options || 'blank'}`,
    ),
    ...(entry.shadowed.length === 0 ? [] : ['order: image name, groups of the image as listed, ALL, blank']),
    ...(parent ? [`lies under ${parent.path} (${parent.option}, ${litefileRowName(parent.row)})`] : []),
    searchRule(entry, below),
    ...found.map(({ place, why }, at) => `  ${at + 1}. ${place} (${why})`),
    ...(store ? store.lines : []),
  ]
  return {
    lines,
    data: {
      option: entry.option,
      below,
      row: { ...entry.row, strength: strength(entry.row.image) },
      shadowed: entry.shadowed.map((row) => ({ ...row, strength: strength(row.image) })),
      parent: parent ? { path: parent.path, option: parent.option, row: parent.row } : null,
      content: found,
      trees: trees.length,
      persistent: store ? store.data : null,
      node: node.name,
    },
  }
}

function strengthWord(cell: string, image: Image): string {
  const text = cell.trim()
  if (text === image.name) return 'names the image'
  if (text === '') return 'blank: every image'
  if (image.groups.includes(text)) return `group of image ${image.name}`
  return 'every image'
}

function searchRule({ option, path }: Entry, below: boolean): string {
  const what = below ? `content of ${path}` : 'content'
  if (option === 'con' || option === 'link,con') return `${what} is joined from all of these, in this order:`
  if (isDirectoryPath(path)) return `${what}: the first of these that is there and not empty:`
  return `${what}: the first of these that is there:`
}

/** docs/reference/statelite.md: trees in order, then the image; con starts with the image. */
function contentPlaces({ trees, root, entries }: NodeStatelite, path: string): { place: string; why: string }[] {
  const entry = entries.find((each) => withoutTrailingSlash(each.path) === withoutTrailingSlash(path))
  const fromTrees = trees.map((tree) => ({
    place: `${tree.shown.replace(/\/$/, '')}${path}`,
    why: `${litetreeRowName(tree.row)}${tree.server === undefined ? ', inside the root' : ''}`,
  }))
  const own = {
    place: `${root ? rootPlace(root) : ''}/.default${path}`,
    why: "the image's own copy",
  }
  return entry?.option === 'con' || entry?.option === 'link,con' ? [own, ...fromTrees] : [...fromTrees, own]
}

function persistentPlace(objects: ObjectsContext, { node, persistent }: NodeStatelite, path: string): Explained {
  const { sources, shadowed } = explainColumn(objects, node.name, 'statelite', 'statemnt')
  const place = persistent ? `${persistent.server}:${persistent.directory}${path}` : null
  const lines = [
    place === null ? 'kept nowhere: no usable statelite row' : `kept in ${place}`,
    ...sources.map((source) => `  from ${renderSource(source)}`),
    ...shadowed.map((source) => `  shadows ${renderSource(source)}`),
  ]
  return { lines, data: { place, sources, shadowed } }
}
