/** Who may do what, from where. */
import type { MethodEntries } from '../entry.ts'
import type { ACCESS_PARAMS } from './params.ts'

export const ACCESS_METHODS: MethodEntries<keyof typeof ACCESS_PARAMS> = {
  'access.whoami': {
    load: async () => (await import('./tokens.ts')).whoami,
    command: 'whoami',
    role: 'viewer',
    everyone: true,
  },
  'access.logout': {
    load: async () => (await import('./tokens.ts')).logout,
    command: 'logout',
    role: 'viewer',
    changes: true,
    everyone: true,
  },
  'access.createToken': {
    load: async () => (await import('./tokens.ts')).createToken,
    command: 'token',
    role: 'administrator',
    changes: true,
    words: ({ user, role = 'administrator', expires }) => [
      'create',
      user,
      '--role',
      role,
      ...(expires === undefined ? [] : ['--expires', expires]),
    ],
  },
  'access.fingerprint': {
    load: async () => (await import('./tokens.ts')).fingerprint,
    command: 'token',
    role: 'viewer',
    everyone: true,
    words: () => ['fingerprint'],
  },
  'access.listTokens': {
    load: async () => (await import('./tokens.ts')).listTokens,
    command: 'token',
    role: 'administrator',
    words: () => ['list'],
  },
  'access.revokeToken': {
    load: async () => (await import('./tokens.ts')).revokeToken,
    command: 'token',
    role: 'administrator',
    changes: true,
    words: ({ id }) => ['revoke', id],
  },
}
