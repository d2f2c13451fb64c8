import { type CliCommand, collect, splitOperands } from '../command.ts'

interface Options {
  help?: boolean
  fill?: boolean
  type?: string
  objects?: string
  plus?: boolean
  minus?: boolean
  newName?: string
  stanza?: boolean
  dynamic?: boolean
  where?: string[]
  verbose?: boolean
  json?: boolean
}

export const chdef: CliCommand = {
  name: 'chdef',
  summary: 'Change object definitions; make those that do not exist.',
  details: [
    'The new value replaces the old one; `attribute=` empties it. Attributes of a group are what its nodes inherit.',
  ],
  examples: [
    { says: 'Give nodes another image', run: 'chdef cn[01-10] provmethod=el9-lite' },
    { says: 'Give a group an address rule', run: `chdef -t group compute 'ip=|10.4.0.($1)|'` },
    { says: 'Add to a list', run: 'chdef cn01 -p groups=gpu' },
    { says: 'Rename an image, with everything that names it', run: 'chdef -t osimage -o el9-lite -n el9-lite-old' },
    { says: 'A setting of the site', run: 'chdef -t site domain=cluster.example' },
  ],
  completes: { operands: 'definition', '--where': 'attribute-conditions' },
  nothingGiven: 0,
  versionPrefix: 'chdef - Version ',
  changes: true,
  define(program, run) {
    program
      .argument('[operands...]', 'noderange and attribute=value words')
      .helpOption(false)
      .option('-h, --help', 'this help; with -t: the attributes that objects of this type have')
      .option('-t, --type <type>', 'object type (default: node)')
      .option('-o, --objects <names>', 'names of the objects')
      .option('-p, --plus', 'add the values to the lists')
      .option('-m, --minus', 'take the values out of the lists')
      .option('-n, --new-name <name>', 'rename the object')
      .option('-u, --fill', 'osimage: look for its list files again')
      .option('-z, --stanza', 'read stanzas from standard input')
      .option('-d, --dynamic', 'the group is dynamic; with -w')
      .option('-w, --where <condition>', 'members of the group', collect)
      .option('-V, --verbose', 'name the objects that were changed')
      .action((operands: string[], { help, stanza, json: _json, ...options }: Options) => {
        const { type } = options
        if (help && type === undefined) program.outputHelp()
        else if (help && type !== undefined) run(({ api }) => api.call('objects.describe', { type }))
        else
          run(async ({ api, input }) => {
            const stanzas = stanza ? await input() : undefined
            return api.call('objects.change', { ...options, ...splitOperands(operands), stanzas })
          })
      })
  },
}
