import type { CommandGroup } from '../command.ts'

export const SHELL_COMMANDS: CommandGroup = {
  title: 'Shell',
  commands: {},
}
