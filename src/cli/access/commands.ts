import type { CommandGroup } from '../command.ts'

export const ACCESS_COMMANDS: CommandGroup = {
  title: 'Access',
  commands: {},
}
