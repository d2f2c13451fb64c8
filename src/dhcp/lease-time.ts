/** How long an address is lent. Pure. */
import { nfsRootLeaseSeconds } from '../cluster/nfs-root-lease.ts'
import type { Place } from './decision.ts'
import { limits } from './limits.ts'
import { OPTION, parseUint32 } from './options.ts'
import { firmwareOf } from './reply.ts'

/** site.dhcplease, or less if the client asks for less (RFC 2131 §4.3.1). */
export function leaseSeconds({ context, packet }: Place): number {
  const configured = context.snapshot.site.leaseSeconds
  const asked = parseUint32(packet.options.get(OPTION.leaseTime))
  if (asked === undefined) return configured
  return Math.min(configured, Math.max(asked, limits.minimumLeaseSeconds))
}

/**
 * A node's address is its own in the tables, and nobody else waits for it: the running system may have it for as long as
 * site.nfsrootlease says. Firmware keeps to site.dhcplease.
 */
export function nodeLeaseSeconds({ context, packet, port }: Place): number {
  const { snapshot } = context
  const own = port && nfsRootLeaseSeconds(port.node, snapshot)
  return own === undefined || firmwareOf(packet).kind !== 'plain' ? snapshot.site.leaseSeconds : own
}
