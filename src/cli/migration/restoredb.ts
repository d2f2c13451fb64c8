import { OperatorError } from '../../api/errors.ts'
import type { CliCommand } from '../command.ts'
import { readDumpFiles } from './dump-files.ts'

export const restoredb: CliCommand = {
  name: 'restoredb',
  summary: 'Load every table of a directory that `dumpdb` wrote, or of a tar of it, exactly as it was.',
  examples: [{ says: 'Load it again', run: 'liteboot restoredb /root/tables' }],
  nothingGiven: 1,
  changes: true,
  define(program, run) {
    program
      .argument('<path>', 'directory, .tar (also .gz, .zst, .xz, .bz2), or .csv')
      .option('--replace', 'the tables take the place of those that have rows')
      .option('--with-faults', 'also rows that no edit would be allowed to write; they are named')
      .action((path: string, options: { replace?: boolean; withFaults?: boolean }) => {
        run(async ({ api }) => {
          const { files, own } = await readDumpFiles(path)
          if (!own) {
            const message = `${path} was not written by dumpdb`
            throw new OperatorError(
              'LB_BAD_INPUT',
              message,
              'Load a dump of xCAT with `liteboot import-xcat`, a single table with `tabrestore`.',
            )
          }
          const { replace = false, withFaults = false } = options
          return api.call('migration.restore', { files: [...files], path, replace, withFaults })
        })
      })
  },
}
