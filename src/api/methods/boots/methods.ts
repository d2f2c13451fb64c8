/** What the running server sees: boots, leases, exports. */
import type { MethodEntries } from '../entry.ts'
import type { BOOT_PARAMS } from './params.ts'

export const BOOT_METHODS: MethodEntries<keyof typeof BOOT_PARAMS> = {
  'server.ping': { load: async () => (await import('./status.ts')).ping, command: 'ping', role: 'viewer' },
  'timeline.show': {
    load: async () => (await import('./timeline.ts')).timelineShow,
    command: 'timeline',
    role: 'viewer',
    noderange: ({ node }) => node,
  },
  'exports.list': { load: async () => (await import('./status.ts')).exportsList, command: 'exports', role: 'viewer' },
  'leases.list': { load: async () => (await import('./status.ts')).leasesList, command: 'leases', role: 'viewer' },
  'grub.list': {
    load: async () => (await import('../images/grub.ts')).grubList,
    command: 'grub',
    role: 'viewer',
    words: () => ['ls'],
  },
  'grub.make': {
    load: async () => (await import('../images/grub.ts')).grubMake,
    command: 'grub',
    role: 'administrator',
    changes: true,
    words: ({ from, force, arch }) => [
      'make',
      ...(arch === undefined ? [] : ['--arch', arch]),
      ...(from === undefined ? [] : ['--from', from]),
      ...(force ? ['--force'] : []),
    ],
  },
}
