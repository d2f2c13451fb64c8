import type { CommandGroup } from '../command.ts'

export const DEPLOYMENT_COMMANDS: CommandGroup = {
  title: 'Deployment',
  commands: {
    nodeset: {
      summary: 'set what nodes do at their next boot',
      load: async () => (await import('./nodeset.ts')).nodeset,
    },
    nodestat: {
      summary: 'show which nodes run, and where the others stand in their boot',
      load: async () => (await import('./nodestat.ts')).nodestat,
    },
    pping: { summary: 'show which nodes answer', load: async () => (await import('./pping.ts')).pping },
    makehosts: {
      summary: 'write the nodes into /etc/hosts',
      load: async () => (await import('./makehosts.ts')).makehosts,
    },
    makedhcp: {
      summary: 'nothing to make; -q shows what DHCP answers',
      load: async () => (await import('./makedhcp.ts')).makedhcp,
    },
  },
}
