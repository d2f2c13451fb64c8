import type { CliCommand } from '../command.ts'

export const whoami: CliCommand = {
  name: 'whoami',
  summary: 'Say as whom, and on which server, commands are run.',
  define(program, run) {
    program.action(() => run(({ api }) => api.call('access.whoami', {})))
  },
}
