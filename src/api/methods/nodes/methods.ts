/** Nodes by noderange: listing, adding, changing, removing. */
import type { MethodEntries } from '../entry.ts'
import type { NODE_PARAMS } from './params.ts'

export const NODE_METHODS: MethodEntries<keyof typeof NODE_PARAMS> = {
  'nodes.list': {
    load: async () => (await import('./list.ts')).list,
    command: 'nodels',
    role: 'viewer',
    noderange: ({ noderange }) => noderange,
    words: ({ columns }) => columns,
  },
  'nodes.expand': {
    load: async () => (await import('./list.ts')).expand,
    command: 'gennr',
    role: 'viewer',
    noderange: ({ noderange }) => noderange,
  },
  'nodes.tables': {
    load: async () => (await import('./list.ts')).tables,
    command: 'tabgrep',
    role: 'viewer',
    noderange: ({ noderange }) => noderange,
  },
  'nodes.add': {
    load: async () => (await import('./change.ts')).add,
    command: 'nodeadd',
    role: 'administrator',
    changes: true,
    noderange: ({ noderange }) => noderange,
    words: ({ words }) => words,
  },
  'nodes.change': {
    load: async () => (await import('./change.ts')).change,
    command: 'nodech',
    role: 'administrator',
    changes: true,
    noderange: ({ noderange }) => noderange,
    words: (params) => [...(params.delete ? ['-d'] : []), ...params.words],
  },
  'nodes.remove': {
    load: async () => (await import('./change.ts')).remove,
    command: 'noderm',
    role: 'administrator',
    changes: true,
    noderange: ({ noderange }) => noderange,
  },
}
