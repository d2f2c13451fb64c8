import { Option } from 'commander'
import { OperatorError } from '../../api/errors.ts'
import type { Api } from '../../api/protocol.ts'
import { commandResult } from '../../api/protocol.ts'
import { type CliCommand, type Dialogue, oneOperand } from '../command.ts'

interface Options {
  type?: string
  objects?: string
  all?: boolean
  force?: boolean
  verbose?: boolean
  json?: boolean
}

/** Options of the other object commands: a slip of the fingers must not remove anything. */
const REFUSED = ['-d', '-i', '-l', '-m', '-p', '-w', '-x', '-z', '-s'] as const

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
      .option('-f, --force', 'with -a; and nothing is asked')
      .option('-C, --cleanup', 'as xCAT: what belongs to removed nodes elsewhere goes as well (it does in any case)')
      .option('-V, --verbose', 'name the objects that were removed')
    for (const flag of REFUSED) program.addOption(new Option(flag).hideHelp())
    program.action((operands: string[], { objects, type, all, force, verbose, ...others }: Options) => {
      run(async ({ api, dialogue, dryRun }) => {
        if (REFUSED.some((flag) => flag.slice(1) in others))
          throw new OperatorError('LB_USAGE', 'Invalid flag specified, see rmdef manpage for details.')
        const params = { names: objects ?? oneOperand(operands), type, all, force, verbose }
        if (dialogue.isPossible && !dryRun && !force && !(await isMeant(api, params, dialogue)))
          return commandResult([], null, ['Error: Nothing was removed.'], 1)
        return api.call('objects.remove', params)
      })
    })
  },
}

/** `rmdef compute` removes nodes, not the group: somebody at a terminal is asked. */
async function isMeant(
  api: Api,
  params: { names: string | undefined; type: string | undefined; all: boolean | undefined },
  dialogue: Dialogue,
): Promise<boolean> {
  if (params.all || (params.type ?? 'node') !== 'node' || params.names === undefined) return true
  const { data } = await api.call('objects.remove', { ...params, ask: true, dryRun: true })
  const { nodes = [], groups = [] } = (data ?? {}) as { nodes?: string[]; groups?: string[] }
  if (groups.length === 0 || nodes.length === 0) return true
  const first = nodes.slice(0, 10).join(',')
  const more = nodes.length > 10 ? `,… (${nodes.length})` : ''
  dialogue.say(`${groups.join(',')}: this removes nodes, not a group: ${first}${more}\n`)
  return dialogue.enter('Enter removes them, Ctrl-C or Ctrl-D does not. (rmdef -t group removes the group alone.) ')
}
