import type { CliCommand } from '../command.ts'
import { defineDefinitions } from './definitions.ts'

export const chdef: CliCommand = {
  name: 'chdef',
  summary: 'Change object definitions; make those that do not exist.',
  details: [
    'The new value replaces the old one; `attribute=` empties it. Attributes of a group are what its nodes inherit.',
  ],
  examples: [
    { says: 'Give nodes another image', run: 'chdef cn[01-10] provmethod=el9-lite' },
    { says: 'Give a group an address rule', run: `chdef -t group compute 'ip=|10.4.0.($1)|'` },
    { says: 'Add to a list', run: 'chdef cn01 -p groups=gpu' },
    { says: 'Rename an image, with everything that names it', run: 'chdef -t osimage -o el9-lite -n el9-lite-old' },
    { says: 'A setting of the site', run: 'chdef -t site domain=cluster.example' },
  ],
  completes: { operands: 'definition', '--where': 'attribute-conditions' },
  nothingGiven: 0,
  versionPrefix: 'chdef - Version ',
  changes: true,
  define(program, run) {
    defineDefinitions(program, run, {
      method: 'objects.change',
      dynamic: 'the group is dynamic; with -w',
      verbose: 'name the objects that were changed',
      ownOptions: (own) =>
        own
          .option('-p, --plus', 'add the values to the lists')
          .option('-m, --minus', 'take the values out of the lists')
          .option('-n, --new-name <name>', 'rename the object')
          .option('-u, --fill', 'osimage: look for its list files again'),
    })
  },
}
