import type { CommandGroup } from '../command.ts'

export const DEPLOYMENT_COMMANDS: CommandGroup = {
  title: 'Deployment',
  commands: {},
}
