/**
 * Tokens: what a remote caller shows to be let in. A token belongs to a user, is good for a role at most, and ends. The file
 * keeps a hash only, so that nobody who reads it can call. The token's own 256 random bits need no slow hash.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { OperatorError } from '../errors.ts'
import type { Role } from '../methods/entry.ts'

/** What is known of a token; everything but the secret. */
export interface TokenRecord {
  readonly id: string
  readonly user: string
  readonly role: Role
  readonly description: string
  readonly createdMs: number
  readonly expiresMs: number
}

interface StoredToken extends TokenRecord {
  /** SHA-256 of the secret, in hex. */
  readonly hash: string
}

export type TokenCheck = { readonly record: TokenRecord } | { readonly fault: 'unknown' | 'expired' }

export interface NewToken {
  readonly user: string
  readonly role: Role
  readonly description: string
  readonly expiresMs: number
}

export interface Tokens {
  /** @returns the token itself: it is shown this once and kept nowhere */
  create(token: NewToken): { readonly token: string; readonly record: TokenRecord }
  check(token: string): TokenCheck
  /** undefined: there is none with this id. */
  revoke(id: string): TokenRecord | undefined
  list(): readonly TokenRecord[]
}

/** Users, as tokens and policy rows name them: nothing that could end a line of a log, and no `*`. */
export const USER_NAME = /^[\w.@-]{1,256}$/

/** A site has some dozens; beyond this somebody's script is making them in a loop. */
const MOST_TOKENS = 10_000
/** How long one that has ended is still listed, so that its user can be told why it is refused. */
const REMEMBER_EXPIRED_MS = 30 * 24 * 3600 * 1000
const FORM = /^lb_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/

/** Whether it looks like one. */
export function isToken(text: string): boolean {
  return FORM.test(text)
}

/** The file is read again when another process has written it: a token revoked there is refused here at once. */
export function openTokens(file: string, now: () => number): Tokens {
  let tokens = new Map<string, StoredToken>()
  let seen = ''

  function load(): void {
    const stat = statSync(file, { bigint: true, throwIfNoEntry: false })
    const version = stat ? `${stat.ino}.${stat.mtimeNs}.${stat.size}` : ''
    if (version === seen) return
    tokens = new Map(stat ? parseFile(file).map((token) => [token.id, token]) : [])
    seen = version
  }

  function save(): void {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    const oldest = now() - REMEMBER_EXPIRED_MS
    const kept = [...tokens.values()].filter(({ expiresMs }) => expiresMs > oldest)
    tokens = new Map(kept.map((token) => [token.id, token]))
    const draft = `${file}.${process.pid}`
    try {
      writeFileSync(draft, `${JSON.stringify({ tokens: kept }, null, 1)}\n`, { mode: 0o600, flush: true })
      renameSync(draft, file)
    } catch (error) {
      rmSync(draft, { force: true })
      throw new OperatorError('LB_FILE', `${file} cannot be written: ${(error as Error).message}`)
    }
    seen = ''
  }

  return {
    create(token) {
      load()
      if (tokens.size >= MOST_TOKENS)
        throw new OperatorError('LB_BAD_INPUT', `there are ${tokens.size} tokens already`, 'Revoke those nobody uses.')
      const id = randomBytes(6).toString('hex')
      const secret = randomBytes(32).toString('base64url')
      const record: TokenRecord = { ...token, id, createdMs: now() }
      tokens.set(id, { ...record, hash: hashOf(secret).toString('hex') })
      save()
      return { token: `lb_${id}_${secret}`, record }
    },
    check(text) {
      load()
      const [, id = '', secret = ''] = FORM.exec(text) ?? []
      const stored = tokens.get(id)
      if (!stored || !timingSafeEqual(hashOf(secret), Buffer.from(stored.hash, 'hex'))) return { fault: 'unknown' }
      return stored.expiresMs > now() ? { record: withoutHash(stored) } : { fault: 'expired' }
    },
    revoke(id) {
      load()
      const stored = tokens.get(id)
      if (!stored) return undefined
      tokens.delete(id)
      save()
      return withoutHash(stored)
    },
    list() {
      load()
      return [...tokens.values()].map(withoutHash)
    },
  }
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

function withoutHash({ hash: _hash, ...record }: StoredToken): TokenRecord {
  return record
}

/** A damaged file lets nobody in, and says so. */
function parseFile(file: string): readonly StoredToken[] {
  try {
    const { tokens } = JSON.parse(readFileSync(file, 'utf8')) as { tokens: StoredToken[] }
    if (tokens.every(({ id, hash }) => typeof id === 'string' && /^[0-9a-f]{64}$/.test(hash))) return tokens
  } catch (error) {
    throw new OperatorError('LB_FILE', `${file} cannot be read: ${(error as Error).message}`)
  }
  throw new OperatorError('LB_FILE', `${file} is no list of tokens`, 'Remove it, and make new tokens.')
}

const UNITS: Readonly<Record<string, number>> = { h: 3600, d: 86_400, w: 604_800, y: 31_536_000 }

/** `12h`, `30d`, `2w`, `1y` → milliseconds. @throws OperatorError LB_USAGE */
export function parseLifetime(text: string): number {
  const [, count = '', unit = ''] = /^([1-9]\d{0,3})([hdwy])$/.exec(text) ?? []
  const seconds = Number(count) * (UNITS[unit] ?? 0)
  if (seconds === 0 || seconds > 10 * 31_536_000)
    throw new OperatorError(
      'LB_USAGE',
      `"${text}" is no lifetime of a token: write 12h, 30d, 2w or 1y, ten years at most`,
    )
  return seconds * 1000
}

export function tokensFile(accessDirectory: string): string {
  return join(accessDirectory, 'tokens.json')
}
