/** Object definitions: the tables as xCAT's administrators see them. */
import { splitList } from '../../../tables/row.ts'
import { parseStanzas } from '../../../tables/stanza.ts'
import type { MethodParams } from '../../params.ts'
import type { MethodEntries } from '../entry.ts'
import type { OBJECT_PARAMS } from './params.ts'

type ChangeParams = MethodParams['objects.change']

export const OBJECT_METHODS: MethodEntries<keyof typeof OBJECT_PARAMS> = {
  'objects.describe': {
    load: async () => (await import('./show.ts')).describe,
    command: 'lsdef',
    role: 'viewer',
    words: ({ type }) => ['-h', '-t', type],
  },
  'objects.show': {
    load: async () => (await import('./show.ts')).show,
    command: 'lsdef',
    role: 'viewer',
    noderange: ({ type, names }) => nodesOf(type, names),
    words: ({ type, names, attributes }) => [...typeWords(type), ...named('-i', attributes), ...named('-o', names)],
  },
  'objects.templates': {
    load: async () => (await import('./templates.ts')).templates,
    command: 'lsdef',
    role: 'viewer',
    words: ({ name, type }) => [...typeWords(type), '--template', ...(name === undefined ? [] : [name])],
  },
  'objects.explain': {
    load: async () => (await import('./explain.ts')).explain,
    command: 'explain',
    role: 'viewer',
    noderange: ({ noderange }) => noderange,
    words: ({ what }) => (what === undefined ? [] : [what]),
  },
  'objects.make': {
    load: async () => (await import('./change.ts')).make,
    command: 'mkdef',
    role: 'administrator',
    changes: true,
    noderange: changedNodes,
    words: changeWords,
  },
  'objects.change': {
    load: async () => (await import('./change.ts')).change,
    command: 'chdef',
    role: 'administrator',
    changes: true,
    noderange: changedNodes,
    words: changeWords,
  },
  'objects.remove': {
    load: async () => (await import('./change.ts')).remove,
    command: 'rmdef',
    role: 'administrator',
    changes: true,
    noderange: ({ type, names }) => nodesOf(type, names),
    words: ({ type, names, all }) => [...typeWords(type), ...named('-o', names), ...(all ? ['-a'] : [])],
  },
}

/**
 * For the policy: '' is not about nodes, undefined about all of them. A group stands for its members, since each of them has
 * what is written for the group.
 */
function nodesOf(type: string | undefined, ...names: readonly (string | undefined)[]): string | undefined {
  const types = splitList(type ?? 'node')
  const named = names.filter((name) => name !== undefined)
  if (named.length > 0 && types.some((one) => one === 'node' || one === 'group')) return named.join(',')
  return types.includes('node') ? undefined : ''
}

/** Also those that become members of a group, get a new name, or stand in a stanza file. */
function changedNodes({ type, objects, operands, assignments, newName, stanzas }: ChangeParams): string | undefined {
  if (stanzas !== undefined) return nodesInStanzas(stanzas)
  const members = assignments.flatMap((word) => /^\s*members\s*=(.*)$/s.exec(word)?.[1] ?? [])
  return nodesOf(type, objects ?? operands[0], newName, ...(type?.trim() === 'group' ? members : []))
}

function nodesInStanzas(text: string): string {
  const aboutNodes = parseStanzas(text).objects.filter(({ type }) => type.name === 'node' || type.name === 'group')
  return aboutNodes.flatMap(({ name, attributes }) => [name, attributes.get('members') ?? '']).join(',')
}

/** A stanza file says what could have stood on the command line. */
function wordsInStanzas(text: string): string[] {
  const { objects } = parseStanzas(text)
  return ['-z', ...objects.flatMap(({ attributes }) => [...attributes].map(([name, value]) => `${name}=${value}`))]
}

function changeWords(params: ChangeParams): string[] {
  const { type, objects, operands, assignments, newName, plus, minus, template, fill, stanzas } = params
  const from = [...named('--template', template), ...(fill ? ['-u'] : [])]
  const how = [...from, ...(plus ? ['-p'] : []), ...(minus ? ['-m'] : []), ...named('-n', newName)]
  return [...typeWords(type), ...named('-o', objects ?? operands[0]), ...how, ...assignments].concat(
    stanzas === undefined ? [] : wordsInStanzas(stanzas),
  )
}

function typeWords(type: string | undefined): string[] {
  return named('-t', type)
}

function named(option: string, value: string | undefined): string[] {
  return value === undefined ? [] : [option, value]
}
