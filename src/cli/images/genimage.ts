import { Option } from 'commander'
import { OperatorError } from '../../api/errors.ts'
import type { CliCommand } from '../command.ts'

interface Options {
  osver?: string
  arch?: string
  profile?: string
  interface?: string
  otherinterfaces?: string
  drivers?: string
  kernel?: string
  krpmver?: string
  kerneldir?: string
  rootlimit?: string
  tmplimit?: string
  permission?: string
  onlyinitrd?: boolean
  interactive?: boolean
  dryrun?: boolean
  explain?: boolean
  noupdate?: boolean
  ignorekernelchk?: boolean
  cross?: 'emulate' | 'refuse'
  save: boolean
}

export const genimage: CliCommand = {
  name: 'genimage',
  summary:
    "Build an image's root tree, its kernel and its initrd from package lists, as a new generation of the image.",
  details: [
    'Everything is checked before the build: lists, repositories, programs, free space, and whether programs of another architecture can be run. Nodes go on booting the image as it was until the new one is whole.',
    'The packages come from linuximage.pkgdir and the lists linuximage.pkglist and otherpkglist; linuximage.postinstall is run on the finished tree. What is given with options is saved in the definition of the image when it was built.',
    'All that the package managers said is in build.log of the generation.',
  ],
  examples: [
    { says: 'Build an image', run: 'genimage rhels9.4-x86_64-statelite-compute' },
    { says: 'See what would be run', run: 'genimage --dryrun rhels9.4-x86_64-statelite-compute' },
    { says: 'See how the package lists are read', run: 'genimage --explain rhels9.4-x86_64-statelite-compute' },
    { says: 'By OS, architecture and profile', run: 'genimage -o rocky9.4 -a ppc64le -p compute -n tg3,ibmveth' },
    { says: 'Kernel and initrd alone', run: 'genimage --onlyinitrd -n mlx5_core rhels9.4-x86_64-statelite-compute' },
  ],
  nothingGiven: 1,
  changes: true,
  completes: { kerneldir: 'directories' },
  define(program, run) {
    program
      .argument('[imagename]')
      .option('-o, --osver <osver>', 'without an image name: its OS; default: that of this machine')
      .option('-a, --arch <arch>', 'without an image name: its architecture; default: that of this machine')
      .option('-p, --profile <profile>', 'without an image name: its profile')
      .option('-i, --interface <nic>', 'the interface nodes boot from')
      .option('-r, --otherinterfaces <nics>', 'further interfaces that get an address by DHCP')
      .option('-n, --drivers <drivers>', 'network drivers of the initrd; default: all')
      .option('-k, --kernel <version>', 'kernel version, as uname -r says it')
      .option('-g, --krpmver <version>', "version of the kernel's packages, where it is another (SUSE)")
      .option('--kerneldir <directory>', 'repository that has the kernel given with -k')
      .option('-l, --rootlimit <size>', 'largest size of a root in memory, such as 4g')
      .option('-t, --tmplimit <size>', 'size of /tmp and /var/tmp in memory')
      .option('--permission <mode>', "mode of the nodes' writable tmpfs")
      .option('--onlyinitrd', 'make kernel and initrd again, from the tree as it is')
      .option('--interactive', 'let the package manager ask questions: not possible, it is said why')
      .option('--dryrun', 'print the commands and stop')
      .option('--explain', 'print how the package lists are read and stop')
      .option('--noupdate', 'leave out the update at the end')
      .option('--ignorekernelchk', 'taken for scripts: drivers are never refused for their kernel version')
      .option('--no-save', 'save nothing of what was given in the definition of the image')
      .addOption(
        new Option('--cross <how>', 'an image for other machines: emulate theirs, or refuse; default: emulate').choices(
          ['emulate', 'refuse'],
        ),
      )
      .addOption(new Option('-m, --mode <mode>', 'taken for scripts').hideHelp())
      .action((image: string | undefined, options: Options) => {
        run(({ api, onProgress }) => {
          if (options.interactive)
            throw new OperatorError(
              'LB_BAD_INPUT',
              '--interactive: the build runs in the server, where nobody can answer the package manager.',
              'Print its commands with --dryrun, and try them in a shell.',
            )
          return api.call('image.genimage', parameters(image, options), onProgress)
        })
      })
  },
}

function parameters(image: string | undefined, options: Options) {
  return {
    image,
    osvers: options.osver,
    arch: options.arch,
    profile: options.profile,
    bootInterface: options.interface,
    otherInterfaces: options.otherinterfaces,
    drivers: options.drivers,
    kernelVersion: options.kernel,
    rpmKernelVersion: options.krpmver,
    kernelDir: options.kerneldir,
    rootLimit: options.rootlimit,
    tmpSize: options.tmplimit,
    permission: options.permission,
    onlyInitrd: options.onlyinitrd,
    noUpdate: options.noupdate,
    noSave: options.save ? undefined : true,
    explain: options.explain,
    cross: options.cross,
    ...(options.dryrun ? { dryRun: true } : {}),
  }
}
