/** What nodes do at their next boot, and how they are reached. */
import type { MethodEntries } from '../entry.ts'
import type { DEPLOYMENT_PARAMS } from './params.ts'

export const DEPLOYMENT_METHODS: MethodEntries<keyof typeof DEPLOYMENT_PARAMS> = {
  'nodeset.set': {
    load: async () => (await import('./nodeset.ts')).nodeset,
    command: 'nodeset',
    role: 'operator',
    changes: true,
    noderange: ({ noderange }) => noderange,
    serverFile: ({ exportDirectory }) => exportDirectory,
    words: ({ action, exportDirectory }) => [
      ...(action === undefined ? [] : [action]),
      ...(exportDirectory === undefined ? [] : ['--export', exportDirectory]),
    ],
  },
  'nodeset.stat': {
    load: async () => (await import('./stat.ts')).stat,
    command: 'nodeset',
    role: 'viewer',
    noderange: ({ noderange }) => noderange,
    words: () => ['stat'],
  },
  'nodestat.show': {
    load: async () => (await import('./nodestat.ts')).nodestatShow,
    command: 'nodestat',
    role: 'viewer',
    noderange: ({ noderange }) => noderange,
  },
  'nodestat.update': {
    load: async () => (await import('./nodestat.ts')).nodestatUpdate,
    command: 'nodestat',
    role: 'operator',
    changes: true,
    noderange: ({ noderange }) => noderange,
    words: () => ['-u'],
  },
  'pping.show': {
    load: async () => (await import('./pping.ts')).pping,
    command: 'pping',
    role: 'viewer',
    noderange: ({ noderange }) => noderange,
  },
  'hosts.make': {
    load: async () => (await import('./makehosts.ts')).makehosts,
    command: 'makehosts',
    role: 'administrator',
    changes: true,
    noderange: ({ noderange }) => noderange,
    serverFile: ({ file }) => file,
    words: ({ fresh, remove, longNames, file }) => [
      ...(fresh ? ['-n'] : []),
      ...(remove ? ['-d'] : []),
      ...(longNames ? ['-l'] : []),
      ...(file === undefined ? [] : ['--file', file]),
    ],
  },
  'dhcp.make': {
    load: async () => (await import('./makedhcp.ts')).makedhcp,
    command: 'makedhcp',
    role: 'viewer',
    noderange: ({ noderange }) => noderange,
  },
  'dhcp.query': {
    load: async () => (await import('./makedhcp.ts')).makedhcpQuery,
    command: 'makedhcp',
    role: 'viewer',
    noderange: ({ noderange }) => noderange,
    words: () => ['-q'],
  },
}
