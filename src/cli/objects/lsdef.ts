import { type CliCommand, collect, oneOperand } from '../command.ts'

interface Options {
  help?: boolean
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
  osimage?: boolean
  nics?: boolean
  template?: string | true
  json?: boolean
}

export const lsdef: CliCommand = {
  name: 'lsdef',
  summary: 'Show object definitions.',
  details: [
    'Without names, the names of all objects of the type. For nodes the name is a noderange, and a group stands for its members.',
  ],
  examples: [
    { says: 'Everything about a node', run: 'lsdef cn01' },
    { says: 'One attribute of all nodes of a group', run: 'lsdef compute -i provmethod -c' },
    { says: 'Nodes by condition', run: 'lsdef -w arch==x86_64 -w status=~boot' },
    { says: 'Everything about an image', run: 'lsdef -t osimage el9-lite' },
    { says: 'The attributes that images have', run: 'lsdef -h -t osimage' },
    { says: 'A copy that mkdef -z takes back', run: 'lsdef -z compute' },
  ],
  completes: { noderange: 'objects', '--attributes': 'attributes', '--where': 'attribute-conditions' },
  versionPrefix: 'lsdef - Version ',
  define(program, run) {
    program
      .argument('[noderange...]', 'names of the objects; a noderange for nodes')
      .helpOption(false)
      .option('-h, --help', 'this help; with -t: the attributes that objects of this type have')
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
      .option('--osimage', 'nodes with the attributes of their image')
      .option('--nics', 'only the attributes of network interfaces')
      .option('--template [name]', 'definitions to make objects of (mkdef --template), or one of them')
      .action((operands: string[], { help, objects, json, template, ...options }: Options) => {
        const { type, all, attributes, stanza } = options
        if (help && type === undefined) program.outputHelp()
        else if (help && type !== undefined) run(({ api }) => api.call('objects.describe', { type, attributes }))
        else if (template !== undefined) {
          const name = template === true ? (objects ?? operands[0]) : template
          run(({ api }) => api.call('objects.templates', { name, type, all, attributes, stanza }))
        } else
          run(({ api }) => {
            const names = objects ?? oneOperand(operands)
            return api.call('objects.show', { names, ...options, data: json === true })
          })
      })
  },
}
