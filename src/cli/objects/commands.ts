import type { CommandGroup } from '../command.ts'

export const OBJECT_COMMANDS: CommandGroup = {
  title: 'Object definitions',
  commands: {
    lsdef: { summary: 'show object definitions', load: async () => (await import('./lsdef.ts')).lsdef },
    mkdef: { summary: 'make object definitions', load: async () => (await import('./mkdef.ts')).mkdef },
    chdef: { summary: 'change object definitions', load: async () => (await import('./chdef.ts')).chdef },
    explain: {
      summary: 'show where values of a node come from',
      load: async () => (await import('./explain.ts')).explain,
    },
    rmdef: { summary: 'remove object definitions', load: async () => (await import('./rmdef.ts')).rmdef },
  },
}
