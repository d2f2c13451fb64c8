import { type CliCommand, oneOperand } from '../command.ts'

interface Options {
  type?: string
  objects?: string
  all?: boolean
  force?: boolean
  verbose?: boolean
  json?: boolean
}

export const rmdef: CliCommand = {
  name: 'rmdef',
  summary: 'Remove object definitions. For nodes, a group name means its members; `-t group` removes the group.',
  examples: [
    { says: 'Remove a node from all tables', run: 'rmdef cn01' },
    { says: 'Remove a group; its nodes stay', run: 'rmdef -t group -o rack1' },
    { says: 'Remove an image; its files stay', run: 'rmdef -t osimage el9-lite' },
  ],
  nothingGiven: 0,
  versionPrefix: 'rmdef - Version ',
  changes: true,
  define(program, run) {
    program
      .argument('[names...]', 'names of the objects; a noderange for nodes')
      .option('-t, --type <type>', 'object type (default: node)')
      .option('-o, --objects <names>', 'names of the objects')
      .option('-a, --all', 'all objects of all types; needs -f')
      .option('-f, --force', 'with -a')
      .option('-V, --verbose', 'name the objects that were removed')
      .action((operands: string[], { objects, json: _json, ...options }: Options) => {
        run(({ api }) => api.call('objects.remove', { names: objects ?? oneOperand(operands), ...options }))
      })
  },
}
