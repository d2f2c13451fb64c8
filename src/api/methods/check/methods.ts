/** What could make a boot fail, found before it does. */
import type { MethodEntries } from '../entry.ts'
import type { CHECK_PARAMS } from './params.ts'

export const CHECK_METHODS: MethodEntries<keyof typeof CHECK_PARAMS> = {
  'check.run': {
    load: async () => (await import('./run.ts')).checkRun,
    command: 'check',
    role: 'viewer',
    noderange: ({ targets }) => targets?.join(','),
  },
}
