import type { CliCommand } from '../command.ts'

export const chtab: CliCommand = {
  name: 'chtab',
  summary: 'Change, add or delete rows of tables.',
  details: [
    'Every row with these key values is changed; when there is none, one is added. The key may name any columns. Deleting what is not there is no error.',
  ],
  examples: [
    { says: 'Write a setting of the site', run: 'chtab key=domain site.value=cluster.example' },
    { says: 'Make a directory of all images writable', run: 'chtab image=ALL,file=/etc/ssh/ litefile.options=tmpfs' },
    { says: 'Add a node to a group', run: 'chtab node=cn01 nodelist.groups+=rack1' },
    { says: 'Delete a row', run: 'chtab -d image=ALL,file=/etc/ssh/ litefile' },
  ],
  completes: { words: 'row-words' },
  nothingGiven: 1,
  changes: true,
  define(program, run) {
    program
      .usage(
        '[options] key=value[,key=value...] table.column=value ...\n       chtab -d key=value[,key=value...] table ...',
      )
      .argument('[words...]', 'which rows, and their new values; `+=` adds to a list; without key: a new row')
      .option('-d, --delete', 'delete the rows with these keys from the tables named')
      .action((words: string[], options: { delete?: boolean }) => {
        run(({ api }) => api.call('tables.change', { words, delete: options.delete === true }))
      })
  },
}
