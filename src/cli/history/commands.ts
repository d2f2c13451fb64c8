import type { CommandGroup } from '../command.ts'

export const HISTORY_COMMANDS: CommandGroup = {
  title: 'History',
  commands: {},
}
