import { openLogins } from '../../api/client.ts'
import type { CliCommand } from '../command.ts'

export const logout: CliCommand = {
  name: 'logout',
  summary: 'End a login: the server forgets its token, and this machine as well.',
  examples: [{ says: 'End the login that commands use now', run: 'liteboot logout' }],
  define(program, run) {
    program
      .argument('[server]', 'host or host:port (default: the one commands use now)')
      .action((server: string | undefined) => {
        run(async ({ places }) => (await openLogins()).logout(server, places))
      })
  },
  completes: { server: 'nothing' },
}
