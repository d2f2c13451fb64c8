import type { CommandGroup } from '../command.ts'

export const CHECK_COMMANDS: CommandGroup = {
  title: 'Checks',
  commands: {
    check: {
      summary: 'find what would make a boot fail, before it does',
      load: async () => (await import('./check.ts')).check,
    },
  },
}
