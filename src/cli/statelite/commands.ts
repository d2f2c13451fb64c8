import type { CommandGroup } from '../command.ts'

export const STATELITE_COMMANDS: CommandGroup = {
  title: 'Statelite',
  commands: {
    litefile: {
      summary: 'show the statelite entries of nodes',
      load: async () => (await import('./litefile.ts')).litefile,
    },
    ilitefile: {
      summary: 'show the statelite entries of an image',
      load: async () => (await import('./ilitefile.ts')).ilitefile,
    },
    litetree: {
      summary: 'show where nodes look for initial content',
      load: async () => (await import('./litetree.ts')).litetree,
    },
    lslite: {
      summary: 'show all statelite settings of nodes or an image',
      load: async () => (await import('./lslite.ts')).lslite,
    },
    localdisk: {
      summary: 'show or reformat the local disk of nodes',
      load: async () => (await import('./localdisk.ts')).localdisk,
    },
    suggest: {
      summary: 'suggest litefile rows for what learning nodes wrote',
      load: async () => (await import('./suggest.ts')).suggest,
    },
    presets: {
      summary: 'list the recommended litefile rows of each family',
      load: async () => (await import('./presets.ts')).presets,
    },
    plan: { summary: 'print the plan a node will be given', load: async () => (await import('./plan.ts')).plan },
  },
}
