/** How long an address is lent. Pure. */
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

/** RFC 2132 §9.2: for ever. */
export const INFINITE_LEASE_SECONDS = 0xffff_ffff

/**
 * A running system whose root is on NFS hangs when it loses its address, so it has it for ever (site.nfsrootlease). The
 * address is the node's own in the tables, so nobody else waits for it. Firmware keeps to site.dhcplease.
 */
export function nodeLeaseSeconds({ context, packet, port }: Place): number {
  const { site, images } = context.snapshot
  const image = port?.node.imageName === undefined ? undefined : images.get(port.node.imageName)
  if (image?.rootfstype !== 'nfs' || firmwareOf(packet).kind !== 'plain') return site.leaseSeconds
  const configured = site.get('nfsrootlease')
  if (configured === undefined || !/^\d+$/.test(configured)) return INFINITE_LEASE_SECONDS
  return Math.min(Math.max(Number(configured), limits.minimumLeaseSeconds), INFINITE_LEASE_SECONDS)
}
