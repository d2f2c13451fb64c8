import type { CliCommand } from '../command.ts'

export const tabch: CliCommand = {
  name: 'tabch',
  summary: 'Change, add or delete rows of tables, as chtab does.',
  examples: [
    { says: 'Write a setting of the site', run: 'tabch key=domain site.value=cluster.example' },
    { says: 'Delete a row', run: 'tabch -d image=ALL,file=/etc/ssh/ litefile' },
  ],
  nothingGiven: 1,
  changes: true,
  completes: { words: 'row-words' },
  define(program, run) {
    program
      .usage(
        '[options] key=value[,key=value...] table.column=value ...\n       tabch -d key=value[,key=value...] table ...',
      )
      .argument('[words...]', 'which rows, and their new values; `+=` adds to a list; without key: a new row')
      .option('-d, --delete', 'delete the rows with these keys from the tables named')
      .action((words: string[], options: { delete?: boolean }) => {
        run(({ api }) => api.call('tables.change', { words, delete: options.delete === true }))
      })
  },
}
