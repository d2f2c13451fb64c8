import type { CliCommand } from '../command.ts'

export const whoami: CliCommand = {
  name: 'whoami',
  summary: 'Say as whom, and on which server, commands are run.',
  examples: [{ says: 'As whom, and where', run: 'liteboot whoami' }],
  define(program, run) {
    program.action(() => run(({ api }) => api.call('access.whoami', {})))
  },
}
