/**
 * What machines that are no nodes fetch, under the hardware address that their DHCP stands under: why the boot of an
 * unknown machine stops is seen there. Anybody may ask for files, so only so many of their events are kept.
 */
import { RateLimit } from '../discovery/rate.ts'
import type { BootEvent } from '../timeline/event.ts'

export interface StrangerEventParts {
  readonly nodeOf: (ip: string) => string | undefined
  readonly nodeOfMac: (mac: string) => string | undefined
  readonly strangerAt: (ip: string) => string | undefined
}

/** GRUB asks for some 60 files in one boot; a machine that starts again and again must still be seen. */
const PER_MACHINE = { burst: 200, seconds: 5 }
const TOGETHER = { burst: 2000, seconds: 0.05 }
const MACHINES = 4096

export function openStrangerEvents({ nodeOf, nodeOfMac, strangerAt }: StrangerEventParts) {
  const perMachine = new RateLimit(PER_MACHINE, MACHINES)
  const together = new RateLimit(TOGETHER, 1)
  return {
    /** The event as it is to be kept; undefined: one too many. */
    kept(event: BootEvent): BootEvent | undefined {
      // DHCP knows the hardware address, and counts strangers itself.
      if (event.node !== undefined || event.service === 'dhcp' || event.ip === undefined) return event
      if (nodeOf(event.ip) !== undefined) return event
      const mac = event.mac ?? strangerAt(event.ip)
      if (mac !== undefined && nodeOfMac(mac) !== undefined) return { ...event, mac }
      if (!perMachine.allows(mac ?? event.ip, event.atMs) || !together.allows('all', event.atMs)) return undefined
      return mac === undefined ? event : { ...event, mac }
    },
  }
}
