import type { CommandGroup } from '../command.ts'

export const IMAGE_COMMANDS: CommandGroup = {
  title: 'Images',
  commands: {
    liteimg: {
      summary: "prepare an image's root tree and initrd for statelite",
      load: async () => (await import('./liteimg.ts')).liteimg,
    },
  },
}
