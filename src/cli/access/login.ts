import { readFile } from 'node:fs/promises'
import { openLogins } from '../../api/client.ts'
import { OperatorError } from '../../api/errors.ts'
import type { CliCall, CliCommand } from '../command.ts'
import { parseRole } from './role.ts'

interface Options {
  user?: string
  token?: string
  ca?: string
  fingerprint?: string
  role?: string
  expires?: string
}

export const login: CliCommand = {
  name: 'login',
  summary: 'Log in to a server elsewhere: from then on the commands here work with that server.',
  details: [
    'Takes a token, made on the server with `liteboot token create`, or with --user a password from the table passwd (key=xcat), which is exchanged for a token. On a terminal it is asked for; else it is read from standard input.',
    'A server that was never seen before shows its fingerprint, which has to be compared with `liteboot token fingerprint` on the server. What was accepted is remembered; a server that shows another certificate later is refused.',
    'The login is kept in ~/.config/liteboot/credentials.json. The commands use it where neither a server nor its tables are on the same machine; LITEBOOT_SERVER (or XCATHOST) names one of several.',
  ],
  examples: [
    { says: 'With a token in a file', run: 'liteboot login mn1 --token ~/mn1.token' },
    { says: 'With a password', run: 'liteboot login mn1.cluster.example:3001 --user amy' },
  ],
  completes: { server: 'nothing' },
  nothingGiven: 1,
  define(program, run) {
    program
      .argument('<server>', 'host or host:port (default: 3001)')
      .option('--user <user>', 'whose password is given')
      .option('--token <file>', 'read the token from this file; -: standard input')
      .option('--ca <file>', "PEM file of the authority the server's certificate must lead to")
      .option('--fingerprint <hex>', 'accept the server if its fingerprint is this one')
      .option('--role <role>', 'with a password: viewer, operator or administrator at most')
      .option('--expires <time>', 'with a password: 12h, 30d, … (default: 1d)')
      .action((server: string, { user, token, ca, fingerprint, role, expires }: Options) => {
        run(async (call) => {
          const logins = await openLogins()
          const request = {
            server,
            user,
            secret: () => readSecret(call, user, token),
            ca: ca === undefined ? undefined : await readText(ca),
            fingerprint,
            role: role === undefined ? undefined : parseRole(role),
            expires,
            accept: (found: string) => accept(call, server, found),
          }
          return logins.login(request, call.places)
        })
      })
  },
}

async function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: Error) => {
    throw new OperatorError('LB_FILE', `${file} cannot be read: ${error.message}`)
  })
}

async function readSecret({ dialogue, input }: CliCall, user: string | undefined, file: string | undefined) {
  if (file !== undefined && file !== '-') return readText(file)
  if (file === '-' || !dialogue.isPossible) return input()
  const { askSecret } = await import('./ask-secret.ts')
  return askSecret(user === undefined ? 'Token: ' : `Password of ${user}: `, dialogue.say)
}

async function accept({ dialogue }: CliCall, server: string, fingerprint: string): Promise<boolean> {
  if (!dialogue.isPossible) return false
  return dialogue.enter(
    `${server} is not known yet. Its fingerprint is\n    ${fingerprint}\n` +
      'Compare it with `liteboot token fingerprint` on the server. Enter: it is the same; Ctrl-C: stop. ',
  )
}
