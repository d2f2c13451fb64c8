/** Networks whose addresses a site's own DHCP server gives out: there only the boot file is answered, beside that server. */
import { splitList } from '../tables/row.ts'
import type { Network, Snapshot } from './model.ts'

const named = new WeakMap<Snapshot, ReadonlySet<string>>()

/** site.proxydhcp names it, or is ALL. */
export function isProxied(snapshot: Snapshot, network: Network): boolean {
  const names = namesOf(snapshot)
  return names.has(network.netname) || names.has('ALL')
}

export function proxiesAnywhere(snapshot: Snapshot): boolean {
  return namesOf(snapshot).size > 0
}

function namesOf(snapshot: Snapshot): ReadonlySet<string> {
  let names = named.get(snapshot)
  if (!names) {
    names = new Set(splitList(snapshot.site.get('proxydhcp') ?? ''))
    named.set(snapshot, names)
  }
  return names
}
