import type { CommandGroup } from '../command.ts'

export const MIGRATION_COMMANDS: CommandGroup = {
  title: 'Migration',
  commands: {},
}
