import { Option } from 'commander'
import { type CliCommand, collect, splitOperands } from '../command.ts'

interface Options {
  type?: string
  objects?: string
  force?: boolean
  stanza?: boolean
  dynamic?: boolean
  where?: string[]
  verbose?: boolean
  plus?: boolean
  minus?: boolean
  json?: boolean
}

export const mkdef: CliCommand = {
  name: 'mkdef',
  summary: 'Make object definitions.',
  nothingGiven: 0,
  versionPrefix: 'mkdef - Version ',
  changes: true,
  define(program, run) {
    program
      .argument('[operands...]', 'noderange and attribute=value words')
      .option('-t, --type <type>', 'object type (default: node)')
      .option('-o, --objects <names>', 'names of the objects')
      .option('-f, --force', 'replace definitions that exist')
      .option('-z, --stanza', 'read stanzas from standard input')
      .option('-d, --dynamic', 'make a dynamic group; needs -t group and -w')
      .option('-w, --where <condition>', 'members of the group', collect)
      .option('-V, --verbose', 'name the objects that were made')
      .addOption(new Option('-p, --plus').hideHelp())
      .addOption(new Option('-m, --minus').hideHelp())
      .action((operands: string[], { stanza, json: _json, ...options }: Options) => {
        run(async ({ api, input }) => {
          const stanzas = stanza ? await input() : undefined
          return api.call('objects.make', { ...options, ...splitOperands(operands), stanzas })
        })
      })
  },
}
