/** Who calls from afar: a token with every request, which a name and a password can be exchanged for. */
import type { Store } from '../../store/store.ts'
import { OperatorError } from '../errors.ts'
import { REMOTE_LIMITS } from '../limits.ts'
import type { Caller } from '../methods/context.ts'
import type { Role } from '../methods/entry.ts'
import { recordAudit } from '../methods/history/audit.ts'
import { openThrottle, plainAddress } from './admission.ts'
import { type HostNames, namesHosts, openHostNames } from './host-names.ts'
import { isPasswordOf } from './passwords.ts'
import type { TokenRecord, Tokens } from './tokens.ts'

export interface PasswordLogin {
  readonly user: string
  readonly password: string
  readonly role: Role
  readonly description: string
  readonly lifetimeMs: number
}

export interface Authentication {
  /** @param header `Authorization: Bearer …` @throws OperatorError LB_LOGIN */
  caller(header: string | undefined, address: string): Promise<Caller>
  /** @throws OperatorError LB_LOGIN */
  login(login: PasswordLogin, address: string): Promise<{ readonly token: string; readonly record: TokenRecord }>
}

export function openAuthentication(
  store: Store,
  tokens: Tokens,
  now: () => number,
  warn: (message: string) => void,
  hostNames: HostNames = openHostNames(now),
): Authentication {
  const throttle = openThrottle(now)
  const turn = openTurns(REMOTE_LIMITS.passwordChecks, REMOTE_LIMITS.waitingLogins)

  /** Also for tokens, so that whoever tries them is slowed down; a good token is never made to wait. */
  function refuse(message: string, address: string): OperatorError {
    throttle.failed(address)
    warn(`api: refusing ${address}: ${message}`)
    return new OperatorError('LB_LOGIN', message)
  }

  function demandPatience(address: string): void {
    const waitMs = throttle.waitMs(address)
    if (waitMs === 0) return
    const seconds = Math.ceil(waitMs / 1000)
    throw new OperatorError('LB_LOGIN', 'too many failed logins from this address', `Try again in ${seconds} s.`)
  }

  return {
    async caller(header, from) {
      const address = plainAddress(from)
      const [, token = ''] = /^Bearer +(\S+)$/i.exec(header ?? '') ?? []
      if (token === '') throw new OperatorError('LB_LOGIN', 'this server wants a token')
      const check = tokens.check(token)
      if ('fault' in check) {
        if (check.fault === 'expired') throw new OperatorError('LB_LOGIN', 'the token has ended')
        demandPatience(address)
        throw refuse('the server does not know the token: it was revoked, or is of another server', address)
      }
      const { record } = check
      const names = namesHosts(store) ? await hostNames.shortNames(address) : []
      const { user, role } = record
      return { user, host: names[0] ?? address, hostNames: [address, ...names], role, clientType: 'api', token: record }
    },

    async login({ user, password, role, description, lifetimeMs }, from) {
      const address = plainAddress(from)
      demandPatience(address)
      const caller: Caller = { user, host: address, role, clientType: 'api' }
      const request = { command: 'login', noderange: undefined, words: [user] }
      // Counted before it is checked: guesses that come at the same time are not free.
      throttle.failed(address)
      if (!(await turn(() => isPasswordOf(store, user, password)))) {
        recordAudit(store, caller, request, { status: 'Denied', comments: 'wrong user or password' })
        warn(`api: refusing ${address}: wrong user or password for ${user}`)
        throw new OperatorError(
          'LB_LOGIN',
          'wrong user or password',
          'Passwords are rows of the table passwd with key=xcat.',
        )
      }
      throttle.succeeded(address)
      const made = tokens.create({ user, role, description, expiresMs: now() + lifetimeMs })
      recordAudit(store, caller, request, { status: 'Allowed', comments: `token ${made.record.id}` })
      return made
    },
  }
}

/** So many at a time; so many may wait; the rest is sent away. */
function openTurns(atATime: number, mostWaiting: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0
  const waiting: (() => void)[] = []
  return async (work) => {
    if (running >= atATime) {
      if (waiting.length >= mostWaiting)
        throw new OperatorError('LB_LOGIN', 'too many logins at the same time', 'Try again in a moment.')
      // Whoever ends hands its place on.
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else running++
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}
