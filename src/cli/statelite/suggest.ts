import type { Command } from 'commander'
import { OperatorError } from '../../api/errors.ts'
import type { Api, CommandResult } from '../../api/protocol.ts'
import type { CliCommand } from '../command.ts'

export interface SuggestOptions {
  readonly add?: boolean
  readonly image?: string
  readonly preset?: string
  readonly verbose?: boolean
}

export function addSuggestOptions(program: Command): void {
  program
    .option('--add', 'add the rows to the table, in one edit')
    .option('--image <image>', 'for which image, image group, or ALL; default: the image that was learned')
    .option('--preset <name>', 'the recommended rows of a family instead: rh, sles, debian, postscripts')
    .option('-V, --verbose', 'name every path that was written')
}

export function callSuggest(api: Api, noderange: string | undefined, options: SuggestOptions): Promise<CommandResult> {
  const { add, image, preset, verbose } = options
  if (noderange === undefined && preset === undefined)
    throw new OperatorError('LB_USAGE', 'suggest needs a noderange, or --preset and a name')
  return api.call(add ? 'suggest.add' : 'suggest.show', { noderange, image, preset, verbose })
}

export const suggest: CliCommand = {
  name: 'suggest',
  summary: 'Suggest litefile rows for what nodes in learning mode have written.',
  details: [
    'nodeset NODERANGE learn, boot the nodes, let them do their work, switch them off in an orderly way: then this shows the rows that are missing, each with its reason, and what was written that should have no row. Rows that are there are respected.',
    'Also called as litefile suggest. After --add run liteimg, and nodeset NODERANGE osimage.',
  ],
  examples: [
    { says: 'What is missing', run: 'liteboot suggest cn01' },
    { says: 'Add it for all images of a group', run: 'liteboot suggest cn01-cn04 --image blue --add' },
    { says: 'Begin with the recommended rows', run: 'liteboot suggest --preset rh --image el9-lite --add' },
  ],
  nothingGiven: 0,
  changes: true,
  define(program, run) {
    addSuggestOptions(program.argument('[noderange]'))
    program.action((noderange: string | undefined, options: SuggestOptions) =>
      run(({ api }) => callSuggest(api, noderange, options)),
    )
  },
}
