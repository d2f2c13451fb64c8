import { type CliCommand, collect } from './command.ts'

export const tabdump: CliCommand = {
  name: 'tabdump',
  summary: 'Print a table as CSV; without a table, the names of all tables.',
  define(program, run) {
    program
      .argument('[table]')
      .option('-d, --describe', 'print what the table, or each of its columns, is for')
      .option(
        '-w, --where <condition>',
        'only rows for which column==value (also != =~ !~ > >= < <=; =~ with % wildcards)',
        collect,
      )
      .option('-f, --file <file>', 'write to this file instead of standard output')
      .action((table: string | undefined, options: { describe?: boolean; where?: string[]; file?: string }) => {
        run(async (api) => {
          const result = await api.call('tables.dump', {
            table,
            describe: options.describe === true,
            where: options.where ?? [],
          })
          if (options.file === undefined) return result
          const { writeFile } = await import('node:fs/promises')
          await writeFile(options.file, `${result.output.join('\n')}\n`)
          return { ...result, output: [] }
        })
      })
  },
}
