import type { CommandGroup } from '../command.ts'

export const HISTORY_COMMANDS: CommandGroup = {
  title: 'History',
  commands: {
    history: { summary: 'list what was changed, by whom', load: async () => (await import('./history.ts')).history },
    diff: { summary: 'show what a change changed', load: async () => (await import('./diff.ts')).diff },
    undo: { summary: 'take changes back', load: async () => (await import('./undo.ts')).undo },
    tabprune: { summary: 'remove old rows of a log', load: async () => (await import('./tabprune.ts')).tabprune },
  },
}
