/** Whole sites in and out. */
import type { MethodEntries } from '../entry.ts'
import type { MIGRATION_PARAMS } from './params.ts'

export const MIGRATION_METHODS: MethodEntries<keyof typeof MIGRATION_PARAMS> = {
  'migration.import': {
    load: async () => (await import('./import.ts')).importXcat,
    command: 'import-xcat',
    role: 'administrator',
    changes: true,
    words: ({ path, mode }) => [...(mode === undefined ? [] : [`--${mode}`]), path],
  },
  // The passwords of the passwd table are in it.
  'migration.dump': {
    load: async () => (await import('./dump.ts')).dump,
    command: 'dumpdb',
    role: 'administrator',
  },
  'migration.restore': {
    load: async () => (await import('./restore.ts')).restore,
    command: 'restoredb',
    role: 'administrator',
    changes: true,
    words: ({ path, replace, withFaults }) => [
      ...(replace ? ['--replace'] : []),
      ...(withFaults ? ['--with-faults'] : []),
      path,
    ],
  },
}
