/** Tokens as commands: made, listed, revoked; and who one is by them. */
import { hostname } from 'node:os'
import { readFingerprint } from '../../access/certificates.ts'
import { openTokens, parseLifetime, type TokenRecord, type Tokens, tokensFile } from '../../access/tokens.ts'
import { OperatorError } from '../../errors.ts'
import { type CommandResult, commandResult } from '../../protocol.ts'
import type { Method, MethodContext } from '../context.ts'

function tokensOf({ accessDirectory }: MethodContext): Tokens {
  return openTokens(tokensFile(accessDirectory), Date.now)
}

export const whoami: Method<'access.whoami'> = ({ caller }) => {
  const { user, role, token } = caller
  const server = hostname()
  const how = token ? `token ${token.id}, until ${renderTime(token.expiresMs)}` : 'on the server itself'
  const data = { user, role, server, host: caller.host ?? null, token: token ?? null }
  return commandResult([`${user} on ${server}: ${role} (${how})`], data)
}

/** Of what the server shows to those who log in: written by the server when it starts. */
export const fingerprint: Method<'access.fingerprint'> = ({ accessDirectory }) => {
  const text = readFingerprint(accessDirectory)
  if (text !== undefined) return commandResult([text], { fingerprint: text })
  throw new OperatorError('LB_CERTIFICATE', 'no server has opened its API for other machines here yet')
}

export const logout: Method<'access.logout'> = (context) => {
  const { token } = context.caller
  const revoked = context.dryRun ? undefined : token && tokensOf(context).revoke(token.id)
  return commandResult([], { revoked: revoked?.id ?? null })
}

export const createToken: Method<'access.createToken'> = (context, params) => {
  const { user, role = 'administrator', expires = '90d', description = '' } = params
  const expiresMs = Date.now() + parseLifetime(expires)
  if (context.dryRun)
    return commandResult([`A token for ${user} would be good for ${role} until ${renderTime(expiresMs)}.`], null)
  const { token, record } = tokensOf(context).create({ user, role, description, expiresMs })
  return commandResult([token], { token, ...record }, policyHint(context, user))
}

/** A token opens the door; the policy table says what may be done behind it. */
function policyHint({ store }: MethodContext, user: string): string[] {
  const rows = store.read('policy')
  if (rows.some(({ name }) => name === user || name === '*' || (name ?? '') === '')) return []
  return [
    `Warning: no row of the table policy names ${user}, so nothing is allowed yet: for example chtab priority=${freePriority(rows)} policy.name=${user} policy.commands=lsdef,nodels policy.rule=allow`,
  ]
}

function freePriority(rows: readonly Readonly<Record<string, string | null>>[]): number {
  const highest = Math.max(4, ...rows.map(({ priority }) => Number(priority)).filter(Number.isFinite))
  return Math.floor(highest) + 1
}

export const listTokens: Method<'access.listTokens'> = (context) => {
  const records = [...tokensOf(context).list()].sort((a, b) => a.createdMs - b.createdMs)
  const cells = records.map((record) => [record.id, record.user, record.role, renderEnd(record), record.description])
  return commandResult(renderColumns([['id', 'user', 'role', 'until', 'description'], ...cells]), records)
}

export const revokeToken: Method<'access.revokeToken'> = (context, { id }): CommandResult => {
  const tokens = tokensOf(context)
  // Whoever pastes a whole token means its id.
  const wanted = /^lb_([0-9a-f]{12})_/.exec(id)?.[1] ?? id
  const known = tokens.list().find((record) => record.id === wanted)
  if (!known)
    throw new OperatorError(
      'LB_BAD_INPUT',
      `there is no token ${wanted}`,
      'List the tokens with `liteboot token list`.',
    )
  const what = `token ${known.id} of ${known.user}`
  if (context.dryRun) return commandResult([`${what} would be revoked.`], null)
  tokens.revoke(wanted)
  return commandResult([`${what} is revoked.`], known)
}

function renderEnd({ expiresMs }: TokenRecord): string {
  return `${renderTime(expiresMs)}${expiresMs <= Date.now() ? ' (ended)' : ''}`
}

function renderTime(ms: number): string {
  const date = new Date(ms)
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`
}

function renderColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_cell, at) => Math.max(...rows.map((row) => (row[at] ?? '').length)))
  return rows.map((row) =>
    row
      .map((text, at) => text.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
