import type { CliCommand } from '../command.ts'

export const leases: CliCommand = {
  name: 'leases',
  summary: 'Show the dynamic DHCP leases.',
  examples: [{ says: 'As a program reads them', run: 'liteboot leases --json' }],
  define(program, run) {
    program.action(() => run(({ api }) => api.call('leases.list', {})))
  },
}
