import type { CliCommand } from '../command.ts'

export const leases: CliCommand = {
  name: 'leases',
  summary: 'Show the dynamic DHCP leases.',
  define(program, run) {
    program.action(() => run(({ api }) => api.call('leases.list', {})))
  },
}
