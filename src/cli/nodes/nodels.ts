import type { CliCommand } from '../command.ts'

interface Options {
  withFieldname?: boolean
  blame?: boolean
  hidden?: boolean
  json?: boolean
}

export const nodels: CliCommand = {
  name: 'nodels',
  summary: 'List nodes, and what the tables say about them.',
  details: [
    'Values are those that count for the node: its own, or those of its groups, with value patterns worked out. A condition (== != =~ !~) selects nodes; it shows its column only when that is asked for as well.',
  ],
  examples: [
    { says: 'The boot method of three nodes, and which group it comes from', run: 'nodels n1-n3 noderes.netboot -b' },
    { says: 'The nodes that are managed by IPMI', run: 'nodels all nodehm.mgt==ipmi' },
  ],
  completes: { columns: 'node-columns' },
  define(program, run) {
    program
      .argument('[noderange]', 'left out: all nodes')
      .argument('[columns...]', 'table.column, groups, tags, mgt, a table for all its columns, or a condition')
      .option('-H, --with-fieldname', 'name the column of each value')
      .option('-b, --blame', 'name the groups that values are inherited from')
      .option('-S, --hidden', 'hidden nodes too')
      .action((noderange: string | undefined, columns: string[], options: Options) => {
        const { withFieldname, blame, hidden, json } = options
        run(({ api }) =>
          api.call('nodes.list', { noderange, columns, withFieldname, blame, hidden, data: json === true }),
        )
      })
  },
}
