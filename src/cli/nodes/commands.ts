import type { CommandGroup } from '../command.ts'

export const NODE_COMMANDS: CommandGroup = {
  title: 'Nodes',
  commands: {},
}
