import type { CommandGroup } from '../command.ts'

export const IMAGE_COMMANDS: CommandGroup = {
  title: 'Images',
  commands: {
    copycds: {
      summary: 'copy installation media, and define the osimages of their distribution',
      load: async () => (await import('./copycds.ts')).copycds,
    },
    liteimg: {
      summary: "prepare an image's root tree and initrd for statelite",
      load: async () => (await import('./liteimg.ts')).liteimg,
    },
  },
}
