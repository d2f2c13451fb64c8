import test from 'ava'
import { decideDestination } from '../../src/dhcp/destination.ts'

const NONE = '0.0.0.0'
const question = {
  giaddr: NONE,
  ciaddr: NONE,
  flags: 0,
  htype: 1,
  reply: 'OFFER',
  relaySourcePort: false,
} as const
const BROADCAST = '255.255.255.255'

test('RFC 2131 §4.1: giaddr set: to the relay, server port', (t) => {
  for (const reply of ['OFFER', 'ACK', 'BOOTREPLY'] as const) {
    const to = decideDestination({ ...question, reply, giaddr: '10.77.2.1', ciaddr: '10.77.2.9', flags: 0x8000 })
    t.like(to, { address: '10.77.2.1', port: 'server', setBroadcastFlag: false })
  }
})

test('RFC 2131 §4.3.2: a relayed NAK has the broadcast bit set', (t) => {
  const to = decideDestination({ ...question, reply: 'NAK', giaddr: '10.77.2.1' })
  t.like(to, { address: '10.77.2.1', port: 'server', setBroadcastFlag: true })
})

test('RFC 2131 §4.1: a NAK without a relay is broadcast, whatever ciaddr says', (t) => {
  t.like(decideDestination({ ...question, reply: 'NAK', ciaddr: '10.77.0.9' }), { address: BROADCAST, port: 'client' })
})

test('RFC 2131 §4.1: ciaddr set: unicast to it, also with the broadcast flag', (t) => {
  const to = decideDestination({ ...question, reply: 'ACK', ciaddr: '10.77.0.9', flags: 0x8000 })
  t.like(to, { address: '10.77.0.9', port: 'client' })
})

test('RFC 2131 §4.3.5: the answer to an INFORM is unicast to ciaddr', (t) => {
  const to = decideDestination({ ...question, reply: 'INFORM-ACK', ciaddr: '10.77.0.9' })
  t.like(to, { address: '10.77.0.9', port: 'client', clause: 'RFC 2131 §4.3.5' })
})

test('RFC 2131 §4.1: broadcast flag: broadcast', (t) => {
  t.like(decideDestination({ ...question, flags: 0x8000 }), { address: BROADCAST, clause: 'RFC 2131 §4.1' })
})

test('RFC 2131 §4.1: no flag, no ciaddr: broadcast, because unicast to a client without address is not possible', (t) => {
  t.like(decideDestination(question), { address: BROADCAST, clause: 'RFC 2131 §4.1 (unicast not possible)' })
})

test('RFC 4390 §2.2: InfiniBand is answered by broadcast, through a relay with the bit set', (t) => {
  t.like(decideDestination({ ...question, htype: 32 }), { address: BROADCAST, clause: 'RFC 4390 §2.2' })
  const relayed = decideDestination({ ...question, htype: 32, giaddr: '10.77.2.1' })
  t.like(relayed, { address: '10.77.2.1', setBroadcastFlag: true })
})

test('RFC 8357 §4: a relay that asks for it is answered at its source port; a client cannot ask for it', (t) => {
  t.is(decideDestination({ ...question, giaddr: '10.77.2.1', relaySourcePort: true }).port, 'relay')
  t.is(decideDestination({ ...question, relaySourcePort: true }).port, 'client')
})
