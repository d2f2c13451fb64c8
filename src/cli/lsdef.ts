import { type CliCommand, collect } from './command.ts'

interface Options {
  type?: string
  objects?: string
  attributes?: string
  long?: boolean
  short?: boolean
  all?: boolean
  compact?: boolean
  where?: string[]
  stanza?: boolean
  hidden?: boolean
  verbose?: boolean
}

export const lsdef: CliCommand = {
  name: 'lsdef',
  summary: 'Show object definitions.',
  define(program, run) {
    program
      .argument('[noderange]', 'names of the objects; a noderange for nodes')
      .option('-t, --type <types>', 'object types, comma separated (default: node)')
      .option('-o, --objects <names>', 'names of the objects')
      .option('-i, --attributes <names>', 'only these attributes, also when unset')
      .option('-c, --compact', 'one line per value; needs -i')
      .option('-l, --long', 'all attributes')
      .option('-s, --short', 'names only')
      .option('-a, --all', 'all objects of all types')
      .option('-w, --where <condition>', 'only objects for which attr==value (also != =~ !~) holds', collect)
      .option('-z, --stanza', 'stanza format, for mkdef -z')
      .option('-S, --hidden', 'hidden nodes too')
      .option('-V, --verbose', 'where each value is stored')
      .action((names: string | undefined, options: Options) => {
        run((api) => api.call('objects.show', { names: options.objects ?? names, ...options }))
      })
  },
}
