/** Machines that no table knows: which there are, and which node each of them is to be. */
import type { MethodEntries } from '../entry.ts'
import type { DISCOVERY_PARAMS } from './params.ts'

export const DISCOVERY_METHODS: MethodEntries<keyof typeof DISCOVERY_PARAMS> = {
  'discovery.list': {
    load: async () => (await import('./list.ts')).list,
    command: 'discovered',
    role: 'viewer',
    words: ({ machines }) => machines ?? [],
  },
  'discovery.listed': {
    load: async () => (await import('./listed.ts')).listed,
    command: 'nodediscoverls',
    role: 'viewer',
  },
  'discovery.remove': {
    load: async () => (await import('./remove.ts')).remove,
    command: 'discovered',
    role: 'administrator',
    changes: true,
    words: ({ machines, all, type }) => [
      '--remove',
      ...(machines ?? []),
      ...(all ? ['--all'] : []),
      ...(type === undefined ? [] : [type]),
    ],
  },
  'discovery.adopt': {
    load: async () => (await import('./adopt.ts')).adopt,
    command: 'adopt',
    role: 'administrator',
    changes: true,
    noderange: ({ noderange }) => noderange,
    words: ({ by, machine, replace }) => [
      ...(by === undefined ? [] : ['--by', by]),
      ...(machine === undefined ? [] : [machine]),
      ...(replace ? ['--replace'] : []),
    ],
  },
}
