import { OperatorError } from '../../api/errors.ts'
import type { CliCommand } from '../command.ts'

interface Options {
  remove?: boolean
  type?: string
  uuid?: string
  node?: string
}

export const nodediscoverdef: CliCommand = {
  name: 'nodediscoverdef',
  versionPrefix: 'nodediscoverdef - Version ',
  summary: 'Adopt a discovered machine as a node, or forget machines, with the options of xCAT.',
  details: [
    '`liteboot adopt` and `liteboot discovered --remove` do the same and more. There is no nodediscoverstart: nothing is adopted by itself.',
  ],
  examples: [
    { says: 'Adopt', run: 'nodediscoverdef -u 4c4c4544-0035-3510-8048-b4c04f5a3332 -n cn07' },
    { says: 'Forget all that wait', run: 'nodediscoverdef -r -t undef' },
  ],
  nothingGiven: 0,
  changes: true,
  completes: { '--type': ['seq', 'profile', 'switch', 'blade', 'mtms', 'manual', 'undef', 'all'] },
  define(program, run) {
    program
      .option('-r, --remove', 'forget machines')
      .option('-u, --uuid <uuid>', 'the machine')
      .option('-n, --node <node>', 'the node that it becomes')
      .option('-t, --type <how>', 'with -r: seq, profile, switch, blade, mtms, manual, undef (not adopted) or all')
      .action(({ remove, type, uuid, node }: Options) => {
        run(({ api }) => {
          if (remove && node === undefined && (uuid === undefined) !== (type === undefined))
            return api.call('discovery.remove', { machines: uuid === undefined ? [] : [uuid], type })
          if (!remove && type === undefined && uuid !== undefined && node !== undefined)
            return api.call('discovery.adopt', { noderange: node, machine: uuid })
          throw new OperatorError('LB_USAGE', 'Give -u <uuid> -n <node>, -r -u <uuid> or -r -t <how>.')
        })
      })
  },
}
