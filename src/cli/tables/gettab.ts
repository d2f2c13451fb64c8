import type { CliCommand } from '../command.ts'

export const gettab: CliCommand = {
  name: 'gettab',
  summary: 'Print columns of one row, as they are written: no groups, no value patterns.',
  examples: [
    { says: 'A setting of the site', run: 'gettab key=master site.value' },
    { says: 'Two columns of one row', run: 'gettab node=n1 nodetype.os nodetype.arch' },
  ],
  exitStatuses: { 0: 'also when there is no such row: then nothing is printed' },
  nothingGiven: 1,
  completes: { keys: 'row-words' },
  define(program, run) {
    program
      .usage('[options] key=value[,key=value...] table.column ...')
      .argument('<keys>', 'key=value[,key=value...]: which row')
      .argument('<columns...>', 'table.column')
      .option('-H, --with-fieldname', 'name the column of each value')
      .action((keys: string, columns: string[], { withFieldname }: { withFieldname?: boolean }) => {
        run(({ api }) => api.call('tables.get', { keys, columns, withFieldname }))
      })
  },
}
