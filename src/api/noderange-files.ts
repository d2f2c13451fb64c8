/**
 * `^file` in a noderange means a file of whoever types it: it is read on this side, and the server gets what stands in it.
 * A server that opened files for its callers would show them lines of any file there is.
 */
import { readFile } from 'node:fs/promises'
import { splitOutside } from '../tables/noderange-names.ts'
import { OperatorError } from './errors.ts'

/** Files that name files. */
const DEEPEST = 20

/** @throws OperatorError LB_FILE, LB_BAD_INPUT */
export async function inlineNodeFiles(noderange: string, depth = 0): Promise<string> {
  const elements = splitOutside(noderange, ',')
  // Unbalanced: the server says so.
  if (!elements) return noderange
  const inlined = await Promise.all(
    elements.map(async (element) => {
      const atoms = splitOutside(element, '@') ?? [element]
      return (await Promise.all(atoms.map((atom) => inlineAtom(atom.trim(), depth)))).join('@')
    }),
  )
  return inlined.join(',')
}

async function inlineAtom(atom: string, depth: number): Promise<string> {
  if (!atom.includes('^')) return atom
  if (atom.startsWith('-')) return `-${await inlineAtom(atom.slice(1).trim(), depth)}`
  if (atom.startsWith('(') && atom.endsWith(')')) return `(${await inlineNodeFiles(atom.slice(1, -1), depth)})`
  if (!atom.startsWith('^')) return atom
  const path = atom.slice(1).replace(/^(['"])(.*)\1$/, '$2')
  if (depth >= DEEPEST) throw new OperatorError('LB_BAD_INPUT', `noderange ^${path}: the files name each other`)
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new OperatorError('LB_FILE', `noderange ^${path}: the file cannot be read: ${error.message}`)
  })
  const ranges = text
    .split('\n')
    .filter((line) => !/^[#^]/.test(line))
    .map((line) => line.split(/[:\s]/, 1)[0] ?? '')
    .filter((range) => range !== '')
  // Each line is a noderange by itself: an exclusion in it takes nothing from the others.
  const parts = await Promise.all(
    ranges.map(async (range) => (/^\w+$/.test(range) ? range : `(${await inlineNodeFiles(range, depth + 1)})`)),
  )
  return `(${parts.join(',')})`
}

/** The parameters in which nodes are named, whatever the method. */
const NAMING = ['noderange', 'names', 'objects', 'operands'] as const

/** What a call is asked with; most calls name no file. */
export async function withNodeFiles<P extends object>(params: P): Promise<P> {
  // What is no object at all is for the server to refuse.
  if (typeof params !== 'object' || params === null) return params
  const given = params as Readonly<Record<string, unknown>>
  const read = async (value: unknown): Promise<unknown> => {
    if (Array.isArray(value)) return Promise.all(value.map(read))
    return typeof value === 'string' && value.includes('^') ? inlineNodeFiles(value) : value
  }
  const changed = await Promise.all(
    NAMING.filter((name) => name in given).map(async (name) => [name, await read(given[name])]),
  )
  return { ...params, ...Object.fromEntries(changed) }
}
