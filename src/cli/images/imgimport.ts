import { resolve } from 'node:path'
import type { CliCommand } from '../command.ts'

interface Options {
  postscripts?: string
  profile?: string
  name?: string
  statelite?: boolean
}

export const imgimport: CliCommand = {
  name: 'imgimport',
  summary: 'Define an image from a file that imgexport wrote, here or with xCAT.',
  details: [
    "Everything goes below site.installdir; a file that is there already is never overwritten. An equal file is used as it is; a list that differs gets a place of the image's own (custom/imported/<image>).",
    'The root tree becomes a generation of the image. Rows of all tables are written at the end, all of them or none.',
    'Links, devices and names that lead out of the bundle are refused.',
  ],
  examples: [
    { says: 'See what it would do', run: 'imgimport --dry-run el9-lite.tgz' },
    { says: 'Beside an image of the same name', run: 'imgimport el9-lite.tgz --name el9-lite-b' },
  ],
  nothingGiven: 0,
  changes: true,
  completes: { bundle: 'files' },
  define(program, run) {
    program
      .argument('<bundle>', 'the file; compressed or not')
      .option('-p, --postscripts <noderange>', 'give these nodes the postscripts in the bundle')
      .option('-f, --profile <profile>', 'another profile: the image becomes <osvers>-<arch>-<provmethod>-<profile>')
      .option('--name <name>', 'another name')
      .option('--statelite', 'take its statelite rows, for nodes and groups that have none here')
      .option('-n, --nozip', 'as in xCAT; it is seen by itself')
      .action((bundle: string, { postscripts, profile, name, statelite }: Options) => {
        run(({ api, onProgress }) =>
          api.call(
            'image.import',
            { bundle: resolve(bundle), nodes: postscripts, profile, name, statelite },
            onProgress,
          ),
        )
      })
  },
}
