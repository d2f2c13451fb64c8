import { OperatorError } from '../../api/errors.ts'
import type { Api, CommandResult } from '../../api/protocol.ts'
import type { CliCommand } from '../command.ts'
import { parseRole } from './role.ts'

interface Options {
  role?: string
  expires?: string
  description?: string
}

export const token: CliCommand = {
  name: 'token',
  summary: 'Make, list and revoke the tokens that remote users log in with.',
  details: [
    'create prints the token, this once: only a hash is kept. The token belongs to the user and is good for the role at most: viewer looks (and sees no passwords), operator acts on nodes, administrator changes everything. What the user may really do is decided by the table policy.',
    'revoke takes the id that list shows; the token is refused from then on. fingerprint prints what users compare when they log in for the first time.',
  ],
  examples: [
    { says: 'A token for looking, good for a month', run: 'liteboot token create amy --role viewer --expires 30d' },
    { says: 'Which tokens there are', run: 'liteboot token list' },
    { says: 'Take one back', run: 'liteboot token revoke 3f9a0c27d1b4' },
  ],
  completes: { action: ['create', 'list', 'revoke', 'fingerprint'] },
  nothingGiven: 1,
  changes: true,
  define(program, run) {
    program
      .usage(
        'create <user> [options]\n       liteboot token list\n       liteboot token revoke <id>\n       liteboot token fingerprint',
      )
      .argument('<action>', 'create, list, revoke or fingerprint')
      .argument('[name]', 'the user, or the id of the token')
      .option('--role <role>', 'viewer, operator or administrator (default: administrator)')
      .option('--expires <time>', '12h, 30d, 2w, 1y (default: 90d)')
      .option('--description <text>', 'what it is for')
      .action((action: string, name: string | undefined, options: Options) => {
        run(({ api }) => perform(api, action, name, options))
      })
  },
}

function perform(api: Api, action: string, name: string | undefined, options: Options): Promise<CommandResult> {
  switch (action) {
    case 'create': {
      const { role, expires, description } = options
      return api.call('access.createToken', {
        user: named(name, 'token create needs a user'),
        role: role === undefined ? undefined : parseRole(role),
        expires,
        description,
      })
    }
    case 'list':
      return api.call('access.listTokens', {})
    case 'revoke':
      return api.call('access.revokeToken', { id: named(name, 'token revoke needs the id of a token') })
    case 'fingerprint':
      return api.call('access.fingerprint', {})
    default:
      throw new OperatorError('LB_USAGE', `token ${action}: there are create, list, revoke and fingerprint`)
  }
}

function named(name: string | undefined, message: string): string {
  if (name === undefined) throw new OperatorError('LB_USAGE', message)
  return name
}
