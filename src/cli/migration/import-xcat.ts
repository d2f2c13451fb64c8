import { OperatorError } from '../../api/errors.ts'
import { type CommandResult, commandResult } from '../../api/protocol.ts'
import type { CliCommand } from '../command.ts'
import { readDumpFiles } from './dump-files.ts'
import { writeFileWhole } from './write-files.ts'

interface Options {
  readonly replace?: boolean
  readonly merge?: boolean
  readonly report?: string
}

export const importXcat: CliCommand = {
  name: 'import-xcat',
  summary:
    'Take over the tables of an xCAT server: the directory that dumpxCATdb wrote, a tar of it, or one <table>.csv. Ends with 0 when everything was kept, 2 when something was not (the report says what and why), 1 when nothing was imported.',
  examples: [
    { says: 'See first what would be kept, and what not', run: 'liteboot import-xcat --dry-run /tmp/xcatdb' },
    { says: 'Take the tables over', run: 'liteboot import-xcat --report report.txt /tmp/xcatdb' },
  ],
  nothingGiven: 1,
  changes: true,
  define(program, run) {
    program
      .argument('<path>', 'directory, .tar (also .gz, .zst, .xz, .bz2), or .csv')
      .option('--replace', 'tables of the dump take the place of those that have rows')
      .option('--merge', 'rows of the dump are added, or change the row with their key')
      .option('--report <file>', 'write every line of the report to a file')
      .action((path: string, options: Options) => {
        run(async ({ api }) => {
          if (options.replace && options.merge) throw new OperatorError('LB_USAGE', '--replace or --merge, not both')
          const { files, own, logs } = await readDumpFiles(path)
          if (own) {
            const message = `${path} was written by dumpdb: it has nothing to translate`
            throw new OperatorError('LB_BAD_INPUT', message, 'Load it with `liteboot restoredb`.')
          }
          const mode = options.replace ? 'replace' : options.merge ? 'merge' : undefined
          const account = options.report !== undefined
          const result = await api.call('migration.import', { files: [...files], path, ...(mode && { mode }), account })
          const left = logs.map((log) => `${log} was not read: a log of the old server`)
          return options.report === undefined
            ? { ...result, output: [...left, ...result.output] }
            : keepReport(options.report, left, result)
        })
      })
  },
}

async function keepReport(file: string, left: readonly string[], result: CommandResult): Promise<CommandResult> {
  const { output, errors, exitStatus } = result
  const { account, data } = takeAccount(result.data)
  await writeFileWhole(file, `${[...left, ...account].join('\n')}\n`)
  return commandResult([...left, ...output, `Every line is in ${file}.`], data, errors, exitStatus)
}

/** Of a dry run, the command's own result stands inside that of the dry run. */
function takeAccount(data: unknown): { readonly account: readonly string[]; readonly data: unknown } {
  const { account, result, ...rest } = data as { readonly account?: readonly string[]; readonly result?: unknown }
  if (account) return { account, data: rest }
  const inner = takeAccount(result ?? { account: [] })
  return { account: inner.account, data: { ...rest, result: inner.data } }
}
