import { OperatorError } from '../../api/errors.ts'
import type { CliCommand } from '../command.ts'
import { addSuggestOptions, callSuggest, type SuggestOptions } from './suggest.ts'

export const litefile: CliCommand = {
  name: 'litefile',
  summary: 'Show the statelite entries of nodes: option and path.',
  details: [
    'litefile suggest NODERANGE is the command suggest, litefile presets the command presets: the options below are theirs.',
  ],
  examples: [
    { says: 'The entries of two nodes', run: 'litefile cn01,cn02' },
    { says: 'Rows for what a node in learning mode wrote', run: 'litefile suggest cn01' },
  ],
  nothingGiven: 0,
  changes: true,
  completes: { 'learned-noderange': 'nodes' },
  define(program, run) {
    program.argument('<noderange>').argument('[learned-noderange]', 'after the word suggest')
    addSuggestOptions(program)
    program.action((first: string, second: string | undefined, options: SuggestOptions) =>
      run(({ api }) => {
        if (first === 'suggest' && (second !== undefined || options.preset !== undefined))
          return callSuggest(api, second, options)
        if (first === 'presets') return api.call('suggest.presets', { preset: second })
        if (second !== undefined) throw new OperatorError('LB_USAGE', 'noderange can not contain spaces.')
        const [given] = ['add', 'image', 'preset', 'verbose'].filter((name) => name in options)
        if (given !== undefined) throw new OperatorError('LB_USAGE', `--${given} is an option of litefile suggest`)
        return api.call('statelite.litefile', { noderange: first })
      }),
    )
  },
}
