/** How long an address is lent. Pure. */
import type { Place } from './decision.ts'
import { limits } from './limits.ts'
import { OPTION, parseUint32 } from './options.ts'

/** site.dhcplease, or less if the client asks for less (RFC 2131 §4.3.1). */
export function leaseSeconds({ context, packet }: Place): number {
  const configured = context.snapshot.site.leaseSeconds
  const asked = parseUint32(packet.options.get(OPTION.leaseTime))
  if (asked === undefined) return configured
  return Math.min(configured, Math.max(asked, limits.minimumLeaseSeconds))
}
