import type { CliCommand } from './command.ts'

export const chtab: CliCommand = {
  name: 'chtab',
  summary: 'Change, add or delete rows of tables.',
  define(program, run) {
    program
      .argument('[words...]', 'key=value[,key=value…] table.column=value … ; with -d: key=value[,…] table …')
      .option('-d, --delete', 'delete the rows with these keys from the tables named')
      .addHelpText('after', '\nExample:\n  chtab image=ALL,file=/etc/ssh/ litefile.options=tmpfs')
      .action((words: string[], options: { delete?: boolean }) => {
        run((api) => api.call('tables.change', { words, delete: options.delete === true }))
      })
  },
}
