import type { CommandGroup } from '../command.ts'

export const NODE_COMMANDS: CommandGroup = {
  title: 'Nodes',
  commands: {
    nodels: { summary: 'list nodes and their values', load: async () => (await import('./nodels.ts')).nodels },
    nodeadd: { summary: 'add nodes', load: async () => (await import('./nodeadd.ts')).nodeadd },
    nodech: { summary: 'change nodes', load: async () => (await import('./nodech.ts')).nodech },
    noderm: { summary: 'remove nodes', load: async () => (await import('./noderm.ts')).noderm },
    gennr: { summary: 'expand a noderange, or fold it', load: async () => (await import('./gennr.ts')).gennr },
  },
}
