import type { CommandGroup } from '../command.ts'

export const MIGRATION_COMMANDS: CommandGroup = {
  title: 'Migration and backup',
  commands: {
    'import-xcat': {
      summary: 'take over the tables of an xCAT server',
      load: async () => (await import('./import-xcat.ts')).importXcat,
    },
    dumpdb: { summary: 'write all tables into a directory', load: async () => (await import('./dumpdb.ts')).dumpdb },
    restoredb: {
      summary: 'load all tables from such a directory',
      load: async () => (await import('./restoredb.ts')).restoredb,
    },
  },
}
