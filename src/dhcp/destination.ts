/** Where a reply goes: RFC 2131 §4.1 and its neighbours as one pure function. */
import { BROADCAST_FLAG } from './packet.ts'

export interface DestinationQuestion {
  readonly giaddr: string
  readonly ciaddr: string
  readonly flags: number
  readonly htype: number
  readonly reply: 'OFFER' | 'ACK' | 'NAK' | 'INFORM-ACK' | 'BOOTREPLY'
  /** RFC 8357: the relay put the source port sub-option into option 82. */
  readonly relaySourcePort: boolean
}

export interface Destination {
  readonly address: string
  /** `relay`: the port the relay sent from (RFC 8357); `source`: the port the client sent from (ProxyDHCP). */
  readonly port: 'server' | 'client' | 'relay' | 'source'
  /** The broadcast bit is to be set in the reply, so that the relay broadcasts it too. */
  readonly setBroadcastFlag: boolean
  readonly clause: string
}

const NONE = '0.0.0.0'
const BROADCAST = '255.255.255.255'
/** IANA hardware type of InfiniBand. */
const INFINIBAND = 32

export function decideDestination(question: DestinationQuestion): Destination {
  const { giaddr, ciaddr, flags, htype, reply } = question
  if (giaddr !== NONE) {
    const port = question.relaySourcePort ? 'relay' : 'server'
    if (reply === 'NAK') return { address: giaddr, port, setBroadcastFlag: true, clause: 'RFC 2131 §4.3.2' }
    // RFC 4390 §2.2: an InfiniBand client cannot take a unicast frame before it has an address.
    const setBroadcastFlag = htype === INFINIBAND && ciaddr === NONE
    return {
      address: giaddr,
      port,
      setBroadcastFlag,
      clause: question.relaySourcePort ? 'RFC 8357 §4' : 'RFC 2131 §4.1',
    }
  }
  if (reply === 'NAK') return broadcast('RFC 2131 §4.1')
  if (ciaddr !== NONE) {
    const clause = reply === 'INFORM-ACK' ? 'RFC 2131 §4.3.5' : 'RFC 2131 §4.1'
    return { address: ciaddr, port: 'client', setBroadcastFlag: false, clause }
  }
  if (htype === INFINIBAND) return broadcast('RFC 4390 §2.2')
  if ((flags & BROADCAST_FLAG) !== 0) return broadcast('RFC 2131 §4.1')
  // The RFC would unicast to yiaddr at the client's hardware address; that needs raw Ethernet, which Node does not have.
  // It allows broadcast when unicast is not possible.
  return broadcast('RFC 2131 §4.1 (unicast not possible)')
}

function broadcast(clause: string): Destination {
  return { address: BROADCAST, port: 'client', setBroadcastFlag: false, clause }
}
