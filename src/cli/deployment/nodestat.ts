import { Option } from 'commander'
import type { CliCommand } from '../command.ts'

interface Options {
  updatedb?: boolean
  powerstat?: boolean
}

export const nodestat: CliCommand = {
  name: 'nodestat',
  summary:
    'Show what runs on nodes (sshd, https, …), else where they stand in their boot, else whether they answer a ping.',
  examples: [{ says: 'Which nodes of a group do not run?', run: 'nodestat compute | grep -v sshd' }],
  nothingGiven: 1,
  changes: true,
  define(program, run) {
    program
      .argument('<noderange>')
      .option('-u, --updatedb', 'store the result in nodelist.status and appstatus')
      .option('-p, --powerstat', 'accepted: power states are not known to the server yet')
      .addOption(new Option('-m, --usemon').hideHelp())
      .addOption(new Option('-f, --usefping').hideHelp())
      .action((noderange: string, { updatedb, powerstat: power }: Options) => {
        run(({ api }) => api.call(updatedb ? 'nodestat.update' : 'nodestat.show', { noderange, power }))
      })
  },
}
