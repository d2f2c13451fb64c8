import type { CommandGroup } from '../command.ts'

export const CHECK_COMMANDS: CommandGroup = {
  title: 'Checks',
  commands: {},
}
