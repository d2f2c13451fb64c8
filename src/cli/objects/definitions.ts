/** What chdef and mkdef have in common: which objects, their attributes, and the places these come from. */
import type { Command } from 'commander'
import { collect, type RunWork, splitOperands } from '../command.ts'

interface Options {
  help?: boolean
  type?: string
  stanza?: boolean
  json?: boolean
  [own: string]: unknown
}

export interface DefinitionWords {
  readonly method: 'objects.make' | 'objects.change'
  /** The options that only this command has. */
  readonly ownOptions: (program: Command) => Command
  readonly dynamic: string
  readonly verbose: string
}

export function defineDefinitions(program: Command, run: RunWork, words: DefinitionWords): void {
  program
    .argument('[operands...]', 'noderange and attribute=value words')
    .helpOption(false)
    .option('-h, --help', 'this help; with -t: the attributes that objects of this type have')
    .option('-t, --type <type>', 'object type (default: node)')
    .option('-o, --objects <names>', 'names of the objects')
  words
    .ownOptions(program)
    .option('-z, --stanza', 'read stanzas from standard input')
    .option('-d, --dynamic', words.dynamic)
    .option('-w, --where <condition>', 'members of the group', collect)
    .option('-V, --verbose', words.verbose)
    .action((operands: string[], { help, stanza, json: _json, ...options }: Options) => {
      const { type } = options
      if (help && type === undefined) program.outputHelp()
      else if (help && type !== undefined) run(({ api }) => api.call('objects.describe', { type }))
      else
        run(async ({ api, input }) => {
          const stanzas = stanza ? await input() : undefined
          return api.call(words.method, { ...options, ...splitOperands(operands), stanzas })
        })
    })
}
