import type { CommandGroup } from '../command.ts'

export const DISCOVERY_COMMANDS: CommandGroup = {
  title: 'Machines that no table knows',
  commands: {
    discovered: {
      summary: 'list machines that wait to be adopted, or forget them',
      load: async () => (await import('./discovered.ts')).discovered,
    },
    adopt: {
      summary: 'make a discovered machine one of the nodes',
      load: async () => (await import('./adopt.ts')).adopt,
    },
    nodediscoverls: {
      summary: 'list discovered machines as xCAT does',
      load: async () => (await import('./nodediscoverls.ts')).nodediscoverls,
    },
    nodediscoverdef: {
      summary: 'adopt or forget a discovered machine, with the options of xCAT',
      load: async () => (await import('./nodediscoverdef.ts')).nodediscoverdef,
    },
  },
}
