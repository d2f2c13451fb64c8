import test from 'ava'
import fc from 'fast-check'
import { parseLldp } from '../../src/discovery/lldp.ts'

const item = (type: number, value: Buffer | string): Buffer => {
  const bytes = Buffer.from(value)
  const head = Buffer.alloc(2)
  head.writeUInt16BE((type << 9) | bytes.length)
  return Buffer.concat([head, bytes])
}
const HEAD = Buffer.from('0180c200000e02000000000188cc', 'hex')
const CHASSIS = item(1, Buffer.from('04020000000001', 'hex'))
const END = item(0, '')
const frame = (...items: Buffer[]) => Buffer.concat([HEAD, ...items, END, Buffer.alloc(20)])

test('a switch that says everything', (t) => {
  const bytes = frame(
    CHASSIS,
    item(2, '\x05Ethernet1/7'),
    item(3, Buffer.from([0, 120])),
    item(4, 'to node 7'),
    item(5, 'rack1-sw.example.org'),
    item(6, 'Switch OS 4.2\nCopyright'),
    item(8, Buffer.from([5, 1, 10, 77, 0, 250, 2, 0, 0, 0, 1, 0])),
  )
  t.deepEqual(parseLldp(bytes), {
    switchName: 'rack1-sw.example.org',
    port: 'Ethernet1/7',
    portDescription: 'to node 7',
    description: 'Switch OS 4.2 Copyright',
    address: '10.77.0.250',
  })
})

test('a switch that says only what it must: hardware addresses instead of names', (t) => {
  const bytes = frame(CHASSIS, item(2, Buffer.from('03020000000007', 'hex')), item(3, Buffer.from([0, 120])))
  t.like(parseLldp(bytes), { switchName: '02:00:00:00:00:01', port: '02:00:00:00:00:07', address: '' })
})

test('network addresses, other management addresses first, a VLAN tag', (t) => {
  const items = [
    item(1, Buffer.from([5, 1, 10, 0, 0, 9])),
    item(2, '\x07 12 '),
    item(8, Buffer.from([17, 2, ...Buffer.alloc(16), 2, 0, 0, 0, 1, 0])),
    item(8, Buffer.from([5, 1, 10, 0, 0, 8, 2, 0, 0, 0, 1, 0])),
    END,
  ]
  const tagged = Buffer.concat([HEAD.subarray(0, 12), Buffer.from('8100000188cc', 'hex'), ...items])
  t.like(parseLldp(tagged), { switchName: '10.0.0.9', port: '12', address: '10.0.0.8' })
})

test('what is no LLDP, or is cut, is said', (t) => {
  t.deepEqual(parseLldp(Buffer.alloc(60)), { fault: 'not a frame of LLDP' })
  t.deepEqual(parseLldp(frame(CHASSIS)), { fault: 'no chassis or no port' })
  t.deepEqual(parseLldp(Buffer.concat([HEAD, CHASSIS, Buffer.from([0x04, 0x40, 5])])), {
    fault: 'item 2 is cut at byte 23',
  })
})

test('bytes of any kind never throw, and names hold no control characters', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (bytes, isWhole) => {
      const start = isWhole ? [HEAD, CHASSIS, item(2, '\x05\x1b[7m7')] : [HEAD]
      const found = parseLldp(Buffer.concat([...start, Buffer.from(bytes)]))
      if ('fault' in found) return
      t.notRegex(`${found.switchName}${found.port}${found.description}`, /\p{Cc}/u)
    }),
  )
})
