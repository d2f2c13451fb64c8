/** What `liteboot login` keeps on the administrator's machine: one file, for its owner's eyes only. */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OperatorError } from '../errors.ts'

export interface SavedLogin {
  /** host:port */
  readonly server: string
  readonly user: string
  readonly token: string
  /** PEM of what the server's certificate must lead to; undefined: an authority the machine trusts anyway. */
  readonly ca: string | undefined
}

export interface SavedLogins {
  /** The server that was logged in to last. */
  readonly current: string | undefined
  readonly logins: readonly SavedLogin[]
}

const NONE: SavedLogins = { current: undefined, logins: [] }

/** @throws OperatorError LB_FILE */
export function readLogins(config: string): SavedLogins {
  const file = loginsFile(config)
  const stat = statSync(file, { throwIfNoEntry: false })
  if (!stat) return NONE
  // As ssh does with its keys.
  if ((stat.mode & 0o077) !== 0)
    throw new OperatorError('LB_FILE', `${file} can be read by others`, `Run chmod 600 ${file}, or log in anew.`)
  try {
    return { ...NONE, ...(JSON.parse(readFileSync(file, 'utf8')) as SavedLogins) }
  } catch (error) {
    throw new OperatorError('LB_FILE', `${file} cannot be read: ${(error as Error).message}`)
  }
}

/** Takes the place of an earlier login to the same server, and is the current one. */
export function saveLogin(config: string, login: SavedLogin): void {
  const others = readLogins(config).logins.filter(({ server }) => server !== login.server)
  write(config, { current: login.server, logins: [...others, login] })
}

export function removeLogin(config: string, server: string): void {
  const { current, logins } = readLogins(config)
  const kept = logins.filter((login) => login.server !== server)
  write(config, { current: current === server ? kept.at(-1)?.server : current, logins: kept })
}

function write(config: string, logins: SavedLogins): void {
  const file = loginsFile(config)
  const draft = `${file}.${process.pid}`
  try {
    mkdirSync(config, { recursive: true, mode: 0o700 })
    writeFileSync(draft, `${JSON.stringify(logins, null, 1)}\n`, { mode: 0o600 })
    renameSync(draft, file)
  } catch (error) {
    rmSync(draft, { force: true })
    throw new OperatorError('LB_FILE', `${file} cannot be written: ${(error as Error).message}`)
  }
}

export function loginsFile(config: string): string {
  return join(config, 'credentials.json')
}

const DEFAULT_PORT = 3001

/** `mn1`, `mn1:3001`, `[fd00::1]:3001` → one spelling. @throws OperatorError LB_USAGE */
export function parseServer(text: string): { readonly server: string; readonly host: string; readonly port: number } {
  const [, bracketed, plain, portText] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const host = bracketed ?? plain
  const port = portText === undefined ? DEFAULT_PORT : Number(portText)
  if (host === undefined || port < 1 || port > 65_535)
    throw new OperatorError('LB_USAGE', `"${text}" is no server: write host or host:port`)
  return { server: `${bracketed === undefined ? host : `[${host}]`}:${port}`, host, port }
}
