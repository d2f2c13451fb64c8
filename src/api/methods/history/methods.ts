/** What was changed, by whom, and back again. */
import type { MethodEntries } from '../entry.ts'
import type { HISTORY_PARAMS } from './params.ts'

export const HISTORY_METHODS: MethodEntries<keyof typeof HISTORY_PARAMS> = {
  'history.list': {
    load: async () => (await import('./list.ts')).list,
    command: 'history',
    role: 'viewer',
    words: ({ filters, since }) => [...(since === undefined ? [] : ['--since', since]), ...(filters ?? [])],
  },
  'history.diff': {
    load: async () => (await import('./diff.ts')).diff,
    command: 'diff',
    role: 'viewer',
    words: ({ revisions }) => revisions ?? [],
  },
  'history.undo': {
    load: async () => (await import('./undo.ts')).undo,
    command: 'undo',
    role: 'administrator',
    changes: true,
    words: ({ revisions, force }) => [...(force ? ['--force'] : []), ...revisions],
  },
  'history.prune': {
    load: async () => (await import('./prune.ts')).prune,
    command: 'tabprune',
    role: 'administrator',
    changes: true,
    words: ({ table, all, number, percent, recid, days }) => [
      table,
      ...(all ? ['-a'] : []),
      ...named('-n', number),
      ...named('-p', percent),
      ...named('-i', recid),
      ...named('-d', days),
    ],
  },
}

function named(option: string, value: number | undefined): string[] {
  return value === undefined ? [] : [option, String(value)]
}
