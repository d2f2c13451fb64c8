import type { CommandGroup } from '../command.ts'

export const TABLE_COMMANDS: CommandGroup = {
  title: 'Tables',
  commands: {
    tabdump: { summary: 'print a table as CSV', load: async () => (await import('./tabdump.ts')).tabdump },
    tabrestore: { summary: 'load a table from CSV', load: async () => (await import('./tabrestore.ts')).tabrestore },
    tabedit: { summary: 'edit a table in an editor', load: async () => (await import('./tabedit.ts')).tabedit },
    chtab: { summary: 'change rows of a table', load: async () => (await import('./chtab.ts')).chtab },
    tabch: { summary: 'change rows of a table, as chtab', load: async () => (await import('./tabch.ts')).tabch },
    gettab: { summary: 'print columns of one row', load: async () => (await import('./gettab.ts')).gettab },
    tabgrep: { summary: 'list the tables that know a node', load: async () => (await import('./tabgrep.ts')).tabgrep },
  },
}
