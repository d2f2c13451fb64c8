/** Object definitions: the tables as xCAT's administrators see them. */
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

function nodesOf(type: string | undefined, names: string | undefined): string | undefined {
  return (type ?? 'node') === 'node' ? names : undefined
}

function changedNodes({ type, objects, operands }: ChangeParams): string | undefined {
  return nodesOf(type, objects ?? operands[0])
}

function changeWords({ type, objects, operands, assignments, newName, plus, minus }: ChangeParams): string[] {
  const how = [...(plus ? ['-p'] : []), ...(minus ? ['-m'] : []), ...named('-n', newName)]
  return [...typeWords(type), ...named('-o', objects ?? operands[0]), ...how, ...assignments]
}

function typeWords(type: string | undefined): string[] {
  return named('-t', type)
}

function named(option: string, value: string | undefined): string[] {
  return value === undefined ? [] : [option, value]
}
