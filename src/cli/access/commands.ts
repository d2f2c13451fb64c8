import type { CommandGroup } from '../command.ts'

export const ACCESS_COMMANDS: CommandGroup = {
  title: 'Access',
  commands: {
    login: {
      summary: 'use the commands here with a server elsewhere',
      load: async () => (await import('./login.ts')).login,
    },
    logout: {
      summary: 'end a login, and have the server forget its token',
      load: async () => (await import('./logout.ts')).logout,
    },
    whoami: {
      summary: 'as whom, and on which server, commands are run',
      load: async () => (await import('./whoami.ts')).whoami,
    },
    token: {
      summary: 'make, list and revoke tokens of remote users',
      load: async () => (await import('./token.ts')).token,
    },
  },
}
