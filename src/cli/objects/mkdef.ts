import { Option } from 'commander'
import type { CliCommand } from '../command.ts'
import { defineDefinitions } from './definitions.ts'

export const mkdef: CliCommand = {
  name: 'mkdef',
  summary: 'Make object definitions.',
  details: ['Objects that exist are left alone, unless -f replaces them. One wrong attribute, and nothing is made.'],
  examples: [
    { says: 'Ten nodes', run: 'mkdef cn[01-10] groups=compute,all' },
    {
      says: 'An image',
      run: 'mkdef -t osimage -o el9-lite profile=compute provmethod=statelite osvers=rhels9.2 osarch=x86_64 rootimgdir=/install/netboot/el9-lite',
    },
    { says: 'A network', run: 'mkdef -t network -o net4 net=10.4.0.0 mask=255.255.0.0' },
    { says: 'A group whose members are found by a condition', run: 'mkdef -t group -o ppc -d -w arch==ppc64le' },
    { says: 'A node like another one', run: 'mkdef cn11 --template cn10 ip=10.4.0.11 mac=0a:00:00:00:00:0b' },
    {
      says: 'An image with the list files that are there',
      run: 'mkdef -u -t osimage -o el9-lite profile=compute provmethod=statelite osvers=rhels9.2 osarch=x86_64',
    },
    { says: 'A second interface', run: 'mkdef cn12 groups=all nicips.ib0=10.6.0.12 nicnetworks.ib0=ib0net' },
    { says: 'From a stanza file', run: 'mkdef -z < nodes.stanza' },
  ],
  completes: { operands: 'definition', '--template': 'objects', '--where': 'attribute-conditions' },
  nothingGiven: 0,
  versionPrefix: 'mkdef - Version ',
  changes: true,
  define(program, run) {
    defineDefinitions(program, run, {
      method: 'objects.make',
      dynamic: 'make a dynamic group; needs -t group and -w',
      verbose: 'name the objects that were made',
      ownOptions: (own) =>
        own
          .option('-f, --force', 'replace definitions that exist')
          .option(
            '-u, --fill',
            'osimage: fill in what follows from profile and provmethod, and the list files that are found',
          )
          .option('--template <name>', 'start from this object, or from a template (lsdef --template)')
          .addOption(new Option('-p, --plus').hideHelp())
          .addOption(new Option('-m, --minus').hideHelp()),
    })
  },
}
