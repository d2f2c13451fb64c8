import type { CliCommand } from '../command.ts'

export const nodeadd: CliCommand = {
  name: 'nodeadd',
  summary: 'Add nodes to the tables.',
  examples: [
    { says: 'A rack of nodes', run: 'nodeadd cn[01-40] groups=compute,rack1,all nodehm.mgt=ipmi' },
    { says: 'One more, with its address', run: 'nodeadd cn41 groups=compute,all hosts.ip=10.4.0.41' },
  ],
  nothingGiven: 0,
  changes: true,
  completes: { words: 'node-words' },
  define(program, run) {
    program
      .usage('[options] <noderange> groups=group[,group...] [table.column=value ...]')
      .argument('<noderange>', 'the names; groups in it mean their members')
      .argument('<words...>', 'groups=… is needed: a node exists by being in nodelist with its groups')
      .action((noderange: string, words: string[]) => {
        run(({ api }) => api.call('nodes.add', { noderange, words }))
      })
  },
}
