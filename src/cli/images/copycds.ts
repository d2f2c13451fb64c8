import { resolve } from 'node:path'
import type { CliCommand } from '../command.ts'

interface Options {
  osver?: string
  arch?: string
  path?: string
  inspection?: boolean
  noosimage?: boolean
  nonoverwrite?: boolean
}

export const copycds: CliCommand = {
  name: 'copycds',
  summary:
    'Copy installation media to where images are built from, and define the default osimages of the distribution.',
  details: [
    'A medium is an ISO 9660 file or block device, or the directory where one is mounted. Nothing is mounted: bsdtar (Debian: libarchive-tools) reads it.',
    'Each medium takes its place as a whole, when it was copied to the end. A copy that was killed leaves nothing behind that the next one does not put right.',
    'Run again, copycds adds the files of further discs and brings the osimages it made up to date. Attributes changed by hand stay, and are named.',
  ],
  examples: [
    { says: 'Copy a medium', run: 'copycds rhel-9.4-ppc64le-dvd.iso' },
    { says: 'See what it is', run: 'copycds -i rhel-9.4-ppc64le-dvd.iso' },
    { says: 'A medium that is not recognised', run: 'copycds -n demo9.1-extras -a x86_64 extras.iso' },
  ],
  changes: true,
  completes: { media: 'files', path: 'directories' },
  define(program, run) {
    program
      .argument('[media...]', 'ISO files, block devices or directories')
      .option('-n, --osver <name>', 'name of the distribution, for example rhels9.4; wins over what the medium says')
      .option('--name <name>', 'the same as --osver')
      .option('-a, --arch <arch>', 'architecture; must be what the medium says, if it says one')
      .option('-p, --path <path>', 'copy to this directory; default: <installdir>/<osver>/<arch>')
      .option('-i, --inspection', 'only say what the media are')
      .option('-o, --noosimage', 'define no osimages')
      .option('-w, --nonoverwrite', 'leave out media that were copied before')
      .action((media: string[], options: Options & { name?: string }) => {
        const { osver, name, arch, path, inspection, noosimage, nonoverwrite } = options
        run(({ api, onProgress }) =>
          api.call(
            'image.copycds',
            {
              media: media.map((file) => resolve(file)),
              name: osver ?? name,
              arch,
              path: path === undefined ? undefined : resolve(path),
              inspect: inspection,
              noImages: noosimage,
              skipKnown: nonoverwrite,
            },
            onProgress,
          ),
        )
      })
  },
}
