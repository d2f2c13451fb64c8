import { Option } from 'commander'
import { type CliCommand, collect, splitOperands } from '../command.ts'

interface Options {
  help?: boolean
  fill?: boolean
  template?: string
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
  details: ['Objects that exist are left alone, unless -f replaces them. One wrong attribute, and nothing is made.'],
  examples: [
    { says: 'Ten nodes', run: 'mkdef cn[01-10] groups=compute,all' },
    {
      says: 'An image',
      run: 'mkdef -t osimage -o el9-lite profile=compute provmethod=statelite osvers=rhels9.2 osarch=x86_64 rootimgdir=/install/netboot/el9-lite',
    },
    { says: 'A network', run: 'mkdef -t network -o net4 net=10.4.0.0 mask=255.255.0.0' },
    { says: 'A group whose members are found by a condition', run: 'mkdef -t group -o ppc -d -w arch==ppc64le' },
    { says: 'A node like another one', run: 'mkdef cn11 --template cn10 ip=10.4.0.11 mac=0a:00:00:00:00:0b' },
    {
      says: 'An image with the list files that are there',
      run: 'mkdef -u -t osimage -o el9-lite profile=compute provmethod=statelite osvers=rhels9.2 osarch=x86_64',
    },
    { says: 'A second interface', run: 'mkdef cn12 groups=all nicips.ib0=10.6.0.12 nicnetworks.ib0=ib0net' },
    { says: 'From a stanza file', run: 'mkdef -z < nodes.stanza' },
  ],
  completes: { operands: 'definition', '--template': 'objects', '--where': 'attribute-conditions' },
  nothingGiven: 0,
  versionPrefix: 'mkdef - Version ',
  changes: true,
  define(program, run) {
    program
      .argument('[operands...]', 'noderange and attribute=value words')
      .helpOption(false)
      .option('-h, --help', 'this help; with -t: the attributes that objects of this type have')
      .option('-t, --type <type>', 'object type (default: node)')
      .option('-o, --objects <names>', 'names of the objects')
      .option('-f, --force', 'replace definitions that exist')
      .option(
        '-u, --fill',
        'osimage: fill in what follows from profile and provmethod, and the list files that are found',
      )
      .option('--template <name>', 'start from this object, or from a template (lsdef --template)')
      .option('-z, --stanza', 'read stanzas from standard input')
      .option('-d, --dynamic', 'make a dynamic group; needs -t group and -w')
      .option('-w, --where <condition>', 'members of the group', collect)
      .option('-V, --verbose', 'name the objects that were made')
      .addOption(new Option('-p, --plus').hideHelp())
      .addOption(new Option('-m, --minus').hideHelp())
      .action((operands: string[], { help, stanza, json: _json, ...options }: Options) => {
        const { type } = options
        if (help && type === undefined) program.outputHelp()
        else if (help && type !== undefined) run(({ api }) => api.call('objects.describe', { type }))
        else
          run(async ({ api, input }) => {
            const stanzas = stanza ? await input() : undefined
            return api.call('objects.make', { ...options, ...splitOperands(operands), stanzas })
          })
      })
  },
}
