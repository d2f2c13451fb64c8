/** Every command, with the words `liteboot help` shows; the code of a command is loaded only when it is called. */
import type { CliCommand } from './command.ts'

export const VERSION = '0.1.0'

interface CommandEntry {
  readonly summary: string
  load(): Promise<CliCommand>
}

export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  tabdump: { summary: 'print a table as CSV', load: async () => (await import('./tabdump.ts')).tabdump },
  tabrestore: { summary: 'load a table from CSV', load: async () => (await import('./tabrestore.ts')).tabrestore },
  chtab: { summary: 'change rows of a table', load: async () => (await import('./chtab.ts')).chtab },
  lsdef: { summary: 'show object definitions', load: async () => (await import('./lsdef.ts')).lsdef },
  mkdef: { summary: 'make object definitions', load: async () => (await import('./mkdef.ts')).mkdef },
  chdef: { summary: 'change object definitions', load: async () => (await import('./chdef.ts')).chdef },
  rmdef: { summary: 'remove object definitions', load: async () => (await import('./rmdef.ts')).rmdef },
  litefile: {
    summary: 'show the statelite entries of nodes',
    load: async () => (await import('./litefile.ts')).litefile,
  },
  ilitefile: {
    summary: 'show the statelite entries of an image',
    load: async () => (await import('./ilitefile.ts')).ilitefile,
  },
  litetree: {
    summary: 'show where nodes look for initial content',
    load: async () => (await import('./litetree.ts')).litetree,
  },
  lslite: {
    summary: 'show all statelite settings of nodes or an image',
    load: async () => (await import('./lslite.ts')).lslite,
  },
  liteimg: {
    summary: "prepare an image's root tree and initrd for statelite",
    load: async () => (await import('./liteimg.ts')).liteimg,
  },
  plan: { summary: 'print the plan a node will be given', load: async () => (await import('./plan.ts')).plan },
  timeline: {
    summary: 'show the boots of a node, event by event',
    load: async () => (await import('./timeline.ts')).timeline,
  },
  exports: {
    summary: 'show what is exported over NFS, and to whom',
    load: async () => (await import('./exports.ts')).exports,
  },
  leases: { summary: 'show the dynamic DHCP leases', load: async () => (await import('./leases.ts')).leases },
}

/** Programs of their own, started by main.ts: no API stands between them and their work. */
export const PROGRAMS: Readonly<Record<string, string>> = {
  serve: 'run the server: DHCP, TFTP, HTTP and NFS',
  vm: 'rehearse the boot of a node in a virtual machine',
}
