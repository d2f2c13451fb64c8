import type { CliCommand } from './command.ts'

export const exports: CliCommand = {
  name: 'exports',
  summary: 'Show what is exported over NFS, and to whom; what another NFS server would have to export.',
  define(program, run) {
    program.action(() => run(({ api }) => api.call('exports.list', {})))
  },
}
