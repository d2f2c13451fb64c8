/** Every command, with the words `liteboot help` shows; the code of a command is loaded only when it is called. */
import { ACCESS_COMMANDS } from './access/commands.ts'
import { BOOT_COMMANDS } from './boots/commands.ts'
import { CHECK_COMMANDS } from './check/commands.ts'
import type { CommandEntry, CommandGroup } from './command.ts'
import { DEPLOYMENT_COMMANDS } from './deployment/commands.ts'
import { DISCOVERY_COMMANDS } from './discovery/commands.ts'
import { HISTORY_COMMANDS } from './history/commands.ts'
import { IMAGE_COMMANDS } from './images/commands.ts'
import { MIGRATION_COMMANDS } from './migration/commands.ts'
import { NODE_COMMANDS } from './nodes/commands.ts'
import { OBJECT_COMMANDS } from './objects/commands.ts'
import { SHELL_COMMANDS } from './shell/commands.ts'
import { STATELITE_COMMANDS } from './statelite/commands.ts'
import { TABLE_COMMANDS } from './tables/commands.ts'

export const VERSION = '0.1.0'
/** The date of this version, for man pages. */
export const RELEASED = '2026-11-22'

/** In the order of `liteboot help`. */
export const COMMAND_GROUPS: readonly CommandGroup[] = [
  TABLE_COMMANDS,
  OBJECT_COMMANDS,
  NODE_COMMANDS,
  DEPLOYMENT_COMMANDS,
  STATELITE_COMMANDS,
  IMAGE_COMMANDS,
  BOOT_COMMANDS,
  DISCOVERY_COMMANDS,
  CHECK_COMMANDS,
  HISTORY_COMMANDS,
  ACCESS_COMMANDS,
  MIGRATION_COMMANDS,
  SHELL_COMMANDS,
]

export const COMMANDS: Readonly<Record<string, CommandEntry>> = Object.assign(
  {},
  ...COMMAND_GROUPS.map(({ commands }) => commands),
)

/** Programs of their own, started by main.ts: no API stands between them and their work. */
export const PROGRAMS: Readonly<Record<string, string>> = {
  serve: 'run the server: DHCP, TFTP, HTTP and NFS',
  vm: 'rehearse the boot of a node in a virtual machine',
}
