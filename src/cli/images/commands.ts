import type { CommandGroup } from '../command.ts'

export const IMAGE_COMMANDS: CommandGroup = {
  title: 'Images',
  commands: {
    copycds: {
      summary: 'copy installation media, and define the osimages of their distribution',
      load: async () => (await import('./copycds.ts')).copycds,
    },
    genimage: {
      summary: "build an image's root tree, kernel and initrd from package lists",
      load: async () => (await import('./genimage.ts')).genimage,
    },
    imgexport: {
      summary: 'write an image with its definition into one file',
      load: async () => (await import('./imgexport.ts')).imgexport,
    },
    imgimport: {
      summary: 'define an image from a file that imgexport wrote',
      load: async () => (await import('./imgimport.ts')).imgimport,
    },
    image: {
      summary: 'generations of an image: list, promote, roll back, edit, remove',
      load: async () => (await import('./image.ts')).image,
    },
    packimage: {
      summary: 'pack an image for stateless nodes',
      load: async () => (await import('./packimage.ts')).packimage,
    },
    initrd: {
      summary: 'what is in an initrd',
      load: async () => (await import('./initrd.ts')).initrd,
    },
    liteimg: {
      summary: "prepare an image's root tree and initrd for statelite",
      load: async () => (await import('./liteimg.ts')).liteimg,
    },
  },
}
