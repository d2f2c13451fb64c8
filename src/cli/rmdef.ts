import type { CliCommand } from './command.ts'

interface Options {
  type?: string
  objects?: string
  all?: boolean
  force?: boolean
  verbose?: boolean
}

export const rmdef: CliCommand = {
  name: 'rmdef',
  summary: 'Remove object definitions. For nodes, a group name means its members; `-t group` removes the group.',
  define(program, run) {
    program
      .argument('[names]', 'names of the objects; a noderange for nodes')
      .option('-t, --type <type>', 'object type (default: node)')
      .option('-o, --objects <names>', 'names of the objects')
      .option('-a, --all', 'all objects of all types; needs -f')
      .option('-f, --force', 'with -a')
      .option('-V, --verbose', 'name the objects that were removed')
      .action((names: string | undefined, options: Options) => {
        run((api) => api.call('objects.remove', { names: options.objects ?? names, ...options }))
      })
  },
}
