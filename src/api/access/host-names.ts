/**
 * Short names of callers' hosts, for policy.host. Asked for only where a policy row names a host, and only for callers who
 * have shown a token: a look-up can be slow, and who owns an address says what its reverse name is. So the name counts only
 * if it leads back to the address.
 */
import { promises as dns } from 'node:dns'
import { isIP } from 'node:net'
import { cell, enabledRows, type TablesView } from '../../tables/row.ts'

export interface HostNames {
  /** Those that lead back; an address can have several. */
  shortNames(address: string): Promise<readonly string[]>
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

/** What is asked of the network. */
export interface NameService {
  reverse(address: string): Promise<readonly string[]>
  addressesOf(name: string): Promise<readonly string[]>
}

const DNS: NameService = {
  // Not getnameinfo: that would wait in one of the few threads which read files for nodes.
  reverse: (address) => new dns.Resolver({ timeout: WAIT_MS, tries: 1 }).reverse(address),
  addressesOf: async (name) => (await dns.lookup(name, { all: true })).map(({ address }) => address),
}

export function openHostNames(now: () => number, service: NameService = DNS): HostNames {
  const known = new Map<string, { readonly names: Promise<readonly string[]>; readonly untilMs: number }>()
  return {
    shortNames(address) {
      const found = known.get(address)
      if (found && found.untilMs > now()) return found.names
      const names = lookUp(service, address).catch(() => [])
      if (known.size >= MOST) known.clear()
      known.set(address, { names, untilMs: now() + KEEP_MS })
      return names
    },
  }
}

/** More names than this are nobody's host. */
const MOST_NAMES = 4

async function lookUp(service: NameService, address: string): Promise<readonly string[]> {
  const names = (await service.reverse(address)).slice(0, MOST_NAMES)
  const back = await Promise.all(names.map((name) => service.addressesOf(name).catch((): string[] => [])))
  return [...new Set(names.filter((_name, at) => back[at]?.includes(address)).map(shortHostName))]
}

/** Without domain, and without the interface that xCAT's names end in: `ws1-eth0.cluster` → `ws1`. */
export function shortHostName(name: string): string {
  const [short = ''] = name.toLowerCase().split('.')
  return short.replace(/-(eth|myri|ib)\d+$/, '')
}
