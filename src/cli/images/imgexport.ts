import { resolve } from 'node:path'
import type { CliCommand } from '../command.ts'
import { collect } from '../command.ts'
import { wholeNumber } from './whole-number.ts'

interface Options {
  extra?: string[]
  postscripts?: string
  generation?: string
}

export const imgexport: CliCommand = {
  name: 'imgexport',
  summary: 'Write an image with its definition into one file, which imgimport (and that of xCAT) reads.',
  details: [
    'The file holds the rows of osimage and linuximage, the lists and scripts they name, kernel, initrd and root tree, and the litefile and litetree rows that speak for the image, whether for its name, its groups or for ALL. The statelite rows of the site go along for reference.',
    'The root tree is kept in newc form, as xCAT does it: extended attributes (file capabilities, ACLs) have no place in it.',
    'A file that a synclist or an #INCLUDE names is not in it: add it with -e.',
  ],
  examples: [
    { says: 'Into the current directory', run: 'imgexport el9-lite' },
    {
      says: 'An older generation, and a script that belongs to it',
      run: 'imgexport el9-lite /backup --generation 3 -e /install/postscripts/tune',
    },
  ],
  changes: true,
  completes: { destination: 'files', extra: 'files' },
  define(program, run) {
    program
      .argument('<image>')
      .argument('[destination]', 'file or directory; default: <image>.tgz in the current directory')
      .option(
        '-e, --extra <file[:directory]>',
        'a further file or directory, and where it goes; may be repeated',
        collect,
      )
      .option('-p, --postscripts <node>', 'with the postscripts of this node')
      .option('--generation <number>', 'of the image; default: the current one')
      .action((image: string, destination: string | undefined, { extra, postscripts, generation }: Options) => {
        run(({ api, onProgress }) =>
          api.call(
            'image.export',
            {
              image,
              file: resolve(destination ?? '.'),
              extra: extra?.map(absoluteExtra),
              node: postscripts,
              generation: wholeNumber('--generation', generation),
            },
            onProgress,
          ),
        )
      })
  },
}

function absoluteExtra(word: string): string {
  const [file = '', ...directory] = word.split(':')
  return [resolve(file), ...directory].join(':')
}
