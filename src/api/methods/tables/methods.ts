/** Whole tables and their rows. */
import type { MethodEntries } from '../entry.ts'
import type { TABLE_PARAMS } from './params.ts'

export const TABLE_METHODS: MethodEntries<keyof typeof TABLE_PARAMS> = {
  'tables.dump': {
    load: async () => (await import('./dump.ts')).dump,
    command: 'tabdump',
    role: 'viewer',
    words: ({ table }) => (table === undefined ? [] : [table]),
  },
  'tables.restore': {
    load: async () => (await import('./restore.ts')).restore,
    command: 'tabrestore',
    role: 'administrator',
    changes: true,
    words: ({ table, append }) => [...(append ? ['-a'] : []), `${table}.csv`],
  },
  'tables.get': {
    load: async () => (await import('./get.ts')).get,
    command: 'gettab',
    role: 'viewer',
    words: ({ keys, columns }) => [keys, ...columns],
  },
  'tables.change': {
    load: async () => (await import('./change.ts')).change,
    command: 'chtab',
    role: 'administrator',
    changes: true,
    words: (params) => [...(params.delete ? ['-d'] : []), ...params.words],
  },
  'tables.names': {
    load: async () => (await import('./names.ts')).names,
    // Whoever may look at the objects may know what they are called.
    command: 'lsdef',
    role: 'viewer',
  },
}
