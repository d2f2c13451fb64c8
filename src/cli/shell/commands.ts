import type { CommandGroup } from '../command.ts'

/** What makes the commands comfortable: short names, completion, man pages. They work on files, without the API. */
export const SHELL_COMMANDS: CommandGroup = {
  title: 'Shell',
  commands: {
    'install-links': {
      summary: "give xCAT's commands their own names",
      load: async () => (await import('./install-links.ts')).installLinks,
    },
    completion: {
      summary: 'print the completion script for bash or zsh',
      load: async () => (await import('./completion.ts')).completion,
    },
    man: { summary: 'write the man pages', load: async () => (await import('./man.ts')).man },
  },
}
