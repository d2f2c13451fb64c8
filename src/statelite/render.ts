/** The texts of litefile, ilitefile, litetree and lslite, in xCAT's layout, with the normalised option. */
import type { NodeStatelite } from './compile.ts'
import { type Entry, litefileRowName } from './entries.ts'
import type { Tree } from './litetree.ts'
import type { Persistent } from './persistent.ts'

const INDENT = ' '.repeat(8)

/** `tmpfs         /etc/hosts`: the option left-justified in 13 columns, then a blank. */
function renderEntry(entry: Entry): string {
  return `${entry.option.padEnd(13)} ${entry.path}`
}

/** `10.20.0.3:/lite/common :soft,timeo=50` */
function renderTree(tree: Tree): string {
  const mntopts = tree.row.mntopts.trim()
  return mntopts === '' ? tree.shown : `${tree.shown} :${mntopts}`
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('')
}

/** `litefile <node>`, `ilitefile <image>`: `name` is the node or the image. */
export function renderLitefile(name: string, entries: readonly Entry[]): string {
  return lines(entries.map((entry) => `${name}: ${renderEntry(entry)}`))
}

/** `litetree <node>` */
export function renderLitetree(name: string, trees: readonly Tree[]): string {
  return lines(trees.map((tree) => `${name}: ${renderTree(tree)}`))
}

/** `lslite -i <image>`; verbose: below each entry its row, the option as stored and the rows it shadows. */
export function renderImageEntries(entries: readonly Entry[], verbose = false): string {
  return lines(entries.flatMap((entry) => [`${INDENT}${renderEntry(entry)}`, ...(verbose ? rowLines(entry) : [])]))
}

function rowLines(entry: Entry): string[] {
  const stored = entry.row.options.trim()
  const written = stored === entry.option ? '' : stored === '' ? ' (options blank)' : ` (options ${stored})`
  return [
    `${INDENT}${INDENT}from ${litefileRowName(entry.row)}${written}`,
    ...entry.shadowed.map((row) => `${INDENT}${INDENT}shadows ${litefileRowName(row)}`),
  ]
}

/** `lslite <node>`: every section ends with two empty lines. */
export function renderLslite(statelite: NodeStatelite, verbose = false): string {
  const { node, image, entries, trees, persistent } = statelite
  return [
    `>>>Node: ${node.name}\n\n`,
    `Osimage: ${image.name}\n\n`,
    `Persistent directory (statelite table):\n${renderPersistent(persistent)}\n\n`,
    `Litefiles (litefile table):\n${renderImageEntries(entries, verbose)}\n\n`,
    `Litetree path (litetree table):\n${lines(trees.map((tree) => `${INDENT}${tree.priority}, ${renderTree(tree)}`))}\n\n`,
  ].join('')
}

function renderPersistent(persistent: Persistent | undefined): string {
  return persistent === undefined ? '' : `${INDENT}${persistent.statemnt}\n`
}

/** For programs: the same facts, nothing shortened. */
export function describeEntries(entries: readonly Entry[]): object[] {
  return entries.map(({ option, path, parent, row, shadowed }) => ({
    option,
    path,
    parent: parent ?? null,
    row,
    shadowed,
  }))
}

export function describeStatelite(statelite: NodeStatelite): object {
  const { node, image, entries, trees, persistent, root, findings } = statelite
  return {
    node: node.name,
    image: image.name,
    root: root ?? null,
    persistent: persistent ?? null,
    entries: describeEntries(entries),
    trees: trees.map((tree) => ({ ...tree, server: tree.server ?? null })),
    findings,
  }
}
