/**
 * Short names of callers' hosts, for policy.host. Asked for only where a policy row names a host, and only for callers who
 * have shown a token: a look-up can be slow, and who owns an address says what its reverse name is. So the name counts only
 * if it leads back to the address.
 */
import { promises as dns } from 'node:dns'
import { isIP } from 'node:net'
import { cell, enabledRows, type TablesView } from '../../tables/row.ts'

export interface HostNames {
  /** undefined: it has no name, or none that leads back. */
  shortName(address: string): Promise<string | undefined>
}

const KEEP_MS = 300_000
const MOST = 1000
const WAIT_MS = 1000

export function namesHosts(view: TablesView): boolean {
  return enabledRows(view, 'policy').some((row) => {
    const host = cell(row, 'host').trim()
    return host !== '' && host !== '*' && isIP(host) === 0
  })
}

export function openHostNames(now: () => number): HostNames {
  const known = new Map<string, { readonly name: Promise<string | undefined>; readonly untilMs: number }>()
  return {
    shortName(address) {
      const found = known.get(address)
      if (found && found.untilMs > now()) return found.name
      const name = lookUp(address).catch(() => undefined)
      if (known.size >= MOST) known.clear()
      known.set(address, { name, untilMs: now() + KEEP_MS })
      return name
    },
  }
}

async function lookUp(address: string): Promise<string | undefined> {
  // Not getnameinfo: that would wait in one of the few threads which read files for nodes.
  const resolver = new dns.Resolver({ timeout: WAIT_MS, tries: 1 })
  const [name] = await resolver.reverse(address)
  if (name === undefined) return undefined
  const back = await dns.lookup(name, { all: true })
  return back.some((entry) => entry.address === address) ? shortHostName(name) : undefined
}

/** Without domain, and without the interface that xCAT's names end in: `ws1-eth0.cluster` → `ws1`. */
export function shortHostName(name: string): string {
  const [short = ''] = name.toLowerCase().split('.')
  return short.replace(/-(eth|myri|ib)\d+$/, '')
}
