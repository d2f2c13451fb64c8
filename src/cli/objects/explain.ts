import type { CliCommand } from '../command.ts'

export const explain: CliCommand = {
  name: 'explain',
  summary: 'Show where a value of a node comes from: table, row, group, pattern, and the rows it shadows.',
  details: [
    'Without a second word: every attribute that is set, one line each. With an attribute, a table.column, or an attribute of the image of the node: the row that gave the value, how its value pattern was worked out, and what was shadowed.',
    'With a path: the litefile row that decides about it on the image of the node, the rows it overrode, where its first content is looked for, and where it is kept. With the word kcmdline: each word of the kernel command line, and the rows behind it.',
  ],
  examples: [
    { says: 'Why does cn07 have this boot loader?', run: 'liteboot explain cn07 netboot' },
    { says: 'What happens to /etc/ssh/ on cn07?', run: 'liteboot explain cn07 /etc/ssh/' },
    { says: 'Where does each kernel argument come from?', run: 'liteboot explain cn07 kcmdline' },
  ],
  nothingGiven: 0,
  completes: { what: 'attributes' },
  define(program, run) {
    program
      .argument('<noderange>')
      .argument('[what]', 'attribute, table.column, path, or kcmdline')
      .action((noderange: string, what: string | undefined) => {
        run(({ api }) => api.call('objects.explain', { noderange, what }))
      })
  },
}
