import { resolve } from 'node:path'
import type { CliCommand } from '../command.ts'

interface Options {
  new?: boolean
  delete?: boolean
  longnameFirst?: boolean
  file?: string
  json?: boolean
}

export const makehosts: CliCommand = {
  name: 'makehosts',
  summary: 'Write the nodes into /etc/hosts of the server; all nodes when no noderange is given.',
  examples: [
    { says: 'All nodes', run: 'makehosts' },
    { says: 'Take the lines of a node out', run: 'makehosts -d cn01' },
  ],
  details: [
    'A line is replaced when it has the address of a node, or the name of a node in front; every other line stays as it is. The file as it was is kept as /etc/hosts.xcatbak.',
  ],
  changes: true,
  define(program, run) {
    program
      .argument('[noderange]')
      .option('-n, --new', 'a new file: of the old one only comments and loopback lines are kept')
      .option('-d, --delete', 'take the lines of these nodes out')
      .option('-l, --longname-first', 'long names in front (also: site.FQDNfirst)')
      .option('--file <path>', 'another file than /etc/hosts')
      .action((noderange: string | undefined, { new: fresh, delete: remove, longnameFirst, file }: Options) => {
        run(({ api }) =>
          api.call('hosts.make', {
            noderange,
            fresh,
            remove,
            longNames: longnameFirst,
            file: file === undefined ? undefined : resolve(file),
          }),
        )
      })
  },
}
