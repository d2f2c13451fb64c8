import { OperatorError } from '../../api/errors.ts'
import type { CliCommand } from '../command.ts'

interface Options {
  type?: string
  uuid?: string
  long?: boolean
}

export const nodediscoverls: CliCommand = {
  name: 'nodediscoverls',
  summary: 'List discovered machines, in the form of xCAT.',
  details: ['`liteboot discovered` shows more. Rows of another type stay in the list until they are removed.'],
  examples: [
    { says: 'Machines that wait', run: 'nodediscoverls -t undef' },
    { says: 'All of one', run: 'nodediscoverls -l -u 4c4c4544-0035-3510-8048-b4c04f5a3332' },
  ],
  completes: { '--type': ['seq', 'profile', 'switch', 'blade', 'mtms', 'manual', 'undef', 'all'] },
  define(program, run) {
    program
      .option('-t, --type <how>', 'seq, profile, switch, blade, mtms, manual, undef (not adopted) or all')
      .option('-u, --uuid <uuid>', 'only this machine')
      .option('-l, --long', 'every column')
      .action(({ type, uuid, long }: Options) => {
        run(({ api }) => {
          if (type !== undefined && uuid !== undefined) throw new OperatorError('LB_USAGE', 'Give one of -t and -u.')
          return api.call('discovery.listed', { type, uuid, long })
        })
      })
  },
}
