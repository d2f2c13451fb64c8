/** What may stand in a place of a command line. The names come from the API: this file knows words, not tables. */
import type { Api } from '../../api/protocol.ts'
import { COMMAND_GROUPS, PROGRAMS } from '../commands.ts'
import type { Place } from './command-line.ts'

/** The whole word, and what it is. A word that ends in `=`, `.` or `,` goes on. */
export type Candidate = readonly [word: string, description?: string | undefined]

export type NamesOf = 'node' | 'object' | 'type' | 'attribute' | 'table' | 'node-table' | 'column' | 'key'

/** Asks for names that begin with the prefix. */
export type AskNames = (
  of: NamesOf,
  prefix: string,
  more?: { readonly type?: string; readonly table?: string },
) => Promise<readonly Candidate[]>

export function askApi(api: Api): AskNames {
  return async (of, prefix, more = {}) => {
    const { data } = await api.call('tables.names', { of, prefix, ...more })
    return data as readonly Candidate[]
  }
}

export async function findCandidates(place: Place, ask: AskNames): Promise<readonly Candidate[]> {
  const { lead } = place
  const found = await byKind(place, ask)
  return lead === '' ? found : found.map(([word, description]) => [lead + word, description])
}

async function byKind(place: Place, ask: AskNames): Promise<readonly Candidate[]> {
  const { expected, value, options, operands } = place
  const type = (options.get('-t') ?? 'node').split(',')[0] ?? 'node'
  if (typeof expected !== 'string')
    return value.includes('=') ? valuesAfter(value, ask) : beginningWith(expected, value)
  switch (expected) {
    case 'nodes':
      return nodeRange(value, ask)
    case 'groups':
      return inList(value, (prefix) => ask('object', prefix, { type: 'group' }))
    case 'images':
      return inList(value, (prefix) => ask('object', prefix, { type: 'osimage' }))
    case 'tables':
      return ask('table', value)
    case 'types':
      return inList(value, (prefix) => ask('type', prefix))
    case 'objects':
      return objects(value, type, ask)
    case 'attributes':
      return inList(value, (prefix) => ask('attribute', prefix, { type }))
    case 'attribute-conditions':
      return followedBy('==', await ask('attribute', value, { type }))
    case 'column-conditions':
      return followedBy('==', await ask('column', value, { table: operands[0] ?? '' }))
    case 'definition':
      return definition(place, type, ask)
    case 'columns':
      return columns(value, '', ask)
    case 'nodes-or-images':
      return [...(await nodeRange(value, ask)), ...(await ask('object', value, { type: 'osimage' }))]
    case 'node-columns':
      return nodeColumns(value, '', ask)
    case 'node-words':
      if (options.has('-d')) return ask('node-table', value)
      return value.includes('=') ? valuesAfter(value, ask) : nodeColumns(value, '=', ask)
    case 'row-words':
      return rowWords(place, ask)
    case 'commands':
      return commandNames(value)
    default:
      return []
  }
}

export function commandNames(prefix: string): readonly Candidate[] {
  const summaries = COMMAND_GROUPS.flatMap(({ commands }) =>
    Object.entries(commands).map(([name, { summary }]): Candidate => [name, summary]),
  )
  return [...summaries, ...Object.entries(PROGRAMS)].filter(([name]) => name.startsWith(prefix))
}

/** The part of a comma list that is being typed; what is in the list already is not offered again. */
async function inList(
  value: string,
  find: (prefix: string) => Promise<readonly Candidate[]>,
): Promise<readonly Candidate[]> {
  const at = value.lastIndexOf(',') + 1
  const before = value.slice(0, at)
  const present = new Set(before.split(','))
  const found = await find(value.slice(at))
  return found.filter(([name]) => !present.has(name)).map(([name, description]) => [before + name, description])
}

/** `cn1,-cn2,rack1@gp|`, `n1-n|`: names may follow a comma, a sign and a dash, but nothing is known of brackets. */
async function nodeRange(value: string, ask: AskNames): Promise<readonly Candidate[]> {
  const [, before = '', name = ''] = /^(.*[,@(]|)(.*)$/.exec(value) ?? []
  const sign = name.startsWith('-') ? '-' : ''
  const lead = before + sign
  const prefix = name.slice(sign.length)
  if (/[[/^~=]/.test(prefix)) return []
  const found = await ask('node', prefix)
  const dash = prefix.lastIndexOf('-') + 1
  if (found.length > 0 || dash === 0) return found.map(([word]) => [lead + word])
  const ends = await ask('node', prefix.slice(dash))
  return ends.map(([word]) => [lead + prefix.slice(0, dash) + word])
}

function objects(value: string, type: string, ask: AskNames): Promise<readonly Candidate[]> {
  return type === 'node' ? nodeRange(value, ask) : inList(value, (prefix) => ask('object', prefix, { type }))
}

/** `cn01 provmethod=el9-lite`: first whose definition it is, unless -o has said so, then its attributes. */
async function definition(place: Place, type: string, ask: AskNames): Promise<readonly Candidate[]> {
  const { value, options, operands } = place
  if (value.includes('=')) return valuesAfter(value, ask)
  const attributes = followedBy('=', await ask('attribute', value, { type }))
  const isNamed = options.has('-o') || operands.some((word) => !word.includes('='))
  return isNamed ? attributes : [...(await objects(value, type, ask)), ...attributes]
}

const IMAGES = new Set(['provmethod', 'image', 'imagename', 'osimage', 'statelite'])
const GROUPS = new Set(['groups', 'tags', 'membergroups', 'groupname'])
const NODES = new Set(['members', 'node'])

/** `provmethod=el|`, `nodetype.provmethod=el|`, `image=el|` */
async function valuesAfter(word: string, ask: AskNames): Promise<readonly Candidate[]> {
  const at = word.indexOf('=') + 1
  const lead = word.slice(0, at)
  const name = /[A-Za-z_-]*(?=[+,^]?=$)/.exec(lead)?.[0] ?? ''
  const value = word.slice(at)
  const found = IMAGES.has(name)
    ? await ask('object', value, { type: 'osimage' })
    : GROUPS.has(name)
      ? await inList(value, (prefix) => ask('object', prefix, { type: 'group' }))
      : NODES.has(name)
        ? await nodeRange(value, ask)
        : []
  return found.map(([candidate]) => [lead + candidate])
}

/** `table.` and then its columns. */
async function columns(value: string, end: string, ask: AskNames): Promise<readonly Candidate[]> {
  const at = value.indexOf('.')
  if (at === -1) return followedBy('.', await ask('table', value))
  const table = value.slice(0, at)
  const found = await ask('column', value.slice(at + 1), { table })
  return found.map(([column, description]) => [`${table}.${column}${end}`, description])
}

/** Names that nodels and nodech know without their table. */
const SHORT_COLUMNS = ['groups', 'tags', 'mgt']

async function nodeColumns(value: string, end: string, ask: AskNames): Promise<readonly Candidate[]> {
  if (value.includes('.')) return columns(value, end, ask)
  const tables = followedBy('.', await ask('node-table', value))
  return [...followedBy(end, beginningWith(SHORT_COLUMNS, value)), ...tables]
}

/** chtab: `node=cn01 nodehm.mgt=ipmi`, `-d node=cn01 nodehm`. */
async function rowWords({ value, operands, options }: Place, ask: AskNames): Promise<readonly Candidate[]> {
  if (operands.length > 0 && options.has('-d')) return ask('table', value)
  const comma = value.lastIndexOf(',') + 1
  const word = value.slice(comma)
  if (operands.length > 0 || value.includes('.'))
    return value.includes('=') ? valuesAfter(value, ask) : columns(value, '=', ask)
  const found = word.includes('=')
    ? await valuesAfter(word, ask)
    : [
        ...followedBy('=', await ask('key', word)),
        ...(comma === 0 && !options.has('-d') ? await columns(word, '=', ask) : []),
      ]
  return found.map(([candidate, description]) => [value.slice(0, comma) + candidate, description])
}

function followedBy(end: string, candidates: readonly Candidate[]): readonly Candidate[] {
  return candidates.map(([word, description]) => [word + end, description])
}

function beginningWith(words: readonly string[], prefix: string): readonly Candidate[] {
  return words.filter((word) => word.startsWith(prefix)).map((word) => [word])
}
