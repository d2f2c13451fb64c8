/** `server:/path` cells: taken apart, and the server turned into an address literal that needs no look-up on the node. */
import ipaddr from 'ipaddr.js'
import type { Snapshot } from '../cluster/model.ts'
import { limits } from './limits.ts'

export interface ServerPath {
  /** As written, IPv6 literals without brackets; undefined for a bare `/path`. */
  readonly server: string | undefined
  /** Absolute, single slashes, no trailing slash (but `/` itself). */
  readonly path: string
}

/** `server:/path`, `[2001:db8::1]:/path`, `server://path` (as in xCAT's examples) or `/path`. */
export function parseServerPath(text: string): ServerPath | { readonly fault: string } {
  const match = /^(?:\[([^\]]*)\]:|([^:/[\]]*):)?(\/.*)$/su.exec(text)
  if (match === null) return { fault: `${JSON.stringify(text)} is neither server:/path nor /path` }
  const server = match[1] ?? match[2]
  const path = cleanDirectory(match[3] ?? '')
  if (server === '') return { fault: `${JSON.stringify(text)} has an empty server` }
  if (match[1] !== undefined && !ipaddr.IPv6.isValid(match[1])) return { fault: `[${match[1]}] is not an IPv6 address` }
  if (typeof path !== 'string') return path
  return { server, path }
}

/** Repeated slashes collapse (substitution leaves them); everything else that is odd is refused. */
export function cleanDirectory(path: string): string | { readonly fault: string } {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\u0000-\u001f\u007f-\u009f\s\\]/.test(path)) {
    return { fault: `directory ${JSON.stringify(path)} has a blank, a control character or a backslash` }
  }
  if (!path.startsWith('/')) return { fault: `directory ${JSON.stringify(path)} is not absolute` }
  const components = path.split('/').filter((component) => component !== '')
  if (components.some((component) => component === '.' || component === '..')) {
    return { fault: `directory ${path} has . or .. in it` }
  }
  const clean = `/${components.join('/')}`
  if (Buffer.byteLength(clean) > limits.mountDirectoryBytes) {
    return { fault: `directory is longer than ${limits.mountDirectoryBytes} bytes` }
  }
  return clean
}

/** Name or literal → address literal (IPv6 without brackets), or undefined. Node names are known with and without domain. */
export function resolveServer(
  name: string,
  snapshot: Snapshot,
  resolve?: (name: string) => string | undefined,
): string | undefined {
  const literal = name.startsWith('[') && name.endsWith(']') ? name.slice(1, -1) : name
  if (ipaddr.IPv4.isValidFourPartDecimal(literal)) return ipaddr.IPv4.parse(literal).toString()
  if (ipaddr.IPv6.isValid(literal)) return ipaddr.IPv6.parse(literal).toString()
  const domain = snapshot.site.domain
  const short = domain !== undefined && name.endsWith(`.${domain}`) ? name.slice(0, -domain.length - 1) : name
  return snapshot.node(name)?.ip ?? snapshot.node(short)?.ip ?? resolve?.(name)
}

/** As it stands in a plan, a mount source or a URL. */
export function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address
}
