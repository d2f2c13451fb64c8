import type { CliCommand } from '../command.ts'

export const exports: CliCommand = {
  name: 'exports',
  summary: 'Show which NFS server has to export what, and to whom; this server does its part by itself.',
  examples: [{ says: 'What to export, and where', run: 'liteboot exports' }],
  define(program, run) {
    program.action(() => run(({ api }) => api.call('exports.list', {})))
  },
}
