import type { CliCommand } from '../command.ts'

export const nodech: CliCommand = {
  name: 'nodech',
  summary: 'Change what the tables say about nodes.',
  details: [
    'table.column=value sets the value; an empty value unsets it for the node, whatever its groups say. table.column,=a,b puts the items that are missing at the front of a list, table.column^=a takes items out of it: a list that came from a group becomes the own one of the node. =@ is a plain =, for values that begin with =, ~ or @.',
    'Words with ==, !=, =~ or !~ change nothing: they say which of the nodes are changed.',
  ],
  examples: [
    { says: 'Put the nodes of a rack into a group', run: 'nodech all nodepos.rack==2 groups,=rack2' },
    { says: 'From one group to another', run: 'nodech cn[1-4] groups^=group1 groups,=group2' },
    { says: 'Forget the addresses of two nodes', run: 'nodech -d cn1,cn2 mac' },
  ],
  nothingGiven: 0,
  changes: true,
  completes: { words: 'node-words' },
  define(program, run) {
    program
      .usage('[options] <noderange> table.column=value ...\n       nodech -d <noderange> table ...')
      .argument('<noderange>')
      .argument('<words...>', 'table.column or groups, tags, mgt; then = ,= ^= =@ and the value, or a condition')
      .option('-d, --delete', "delete the nodes' rows of the tables named")
      .action((noderange: string, words: string[], options: { delete?: boolean }) => {
        run(({ api }) => api.call('nodes.change', { noderange, words, delete: options.delete === true }))
      })
  },
}
