import type { CommandGroup } from '../command.ts'

export const BOOT_COMMANDS: CommandGroup = {
  title: 'Boots and services',
  commands: {
    timeline: {
      summary: 'show the boots of a node, event by event',
      load: async () => (await import('./timeline.ts')).timeline,
    },
    exports: {
      summary: 'show what is exported over NFS, and to whom',
      load: async () => (await import('./exports.ts')).exports,
    },
    grub: {
      summary: 'make the GRUB program for POWER machines, or show what there is',
      load: async () => (await import('./grub.ts')).grub,
    },
    leases: { summary: 'show the dynamic DHCP leases', load: async () => (await import('./leases.ts')).leases },
  },
}
