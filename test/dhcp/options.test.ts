import test from 'ava'
import fc from 'fast-check'
import * as options from '../../src/dhcp/options.ts'
import { ip } from './fake-cluster.ts'

const bytes = (...values: number[]) => Uint8Array.from(values)
const text = (value: string) => new TextEncoder().encode(value)

test('addresses: number and text are the same thing', (t) => {
  fc.assert(
    fc.property(fc.nat(0xffffffff), (value) => {
      t.is(options.ipv4ToNumber(options.numberToIpv4(value)), value)
      t.is(options.parseIpv4(options.encodeIpv4(options.numberToIpv4(value))), options.numberToIpv4(value))
      t.is(options.parseUint32(options.encodeUint32(value)), value)
    }),
  )
  t.is(options.numberToIpv4(0x0a4d000b), ip('10.77.0.11'))
})

test('an address option of another length is no address', (t) => {
  for (const length of [0, 3, 5, 8]) t.is(options.parseIpv4(new Uint8Array(length)), undefined)
  t.is(options.parseIpv4(undefined), undefined)
})

test('address text: canonical quads only', (t) => {
  t.is(options.parseIpv4Text('010.1.2.3'), ip('10.1.2.3'))
  for (const wrong of ['256.1.1.1', '1.2.3', 'n01', '1.2.3.4.5', '']) t.is(options.parseIpv4Text(wrong), undefined)
})

test('RFC 3004 §4: length-prefixed user classes', (t) => {
  t.deepEqual(options.parseUserClasses(bytes(4, ...text('iPXE'))), ['iPXE'])
  t.deepEqual(options.parseUserClasses(bytes(1, 97, 2, 98, 99)), ['a', 'bc'])
})

test('iPXE’s quirk: the bare text iPXE in option 77', (t) => {
  t.deepEqual(options.parseUserClasses(text('iPXE')), ['iPXE'])
})

test('RFC 4578 §2.1: architectures are 16-bit numbers', (t) => {
  t.deepEqual(options.parseArchitectures(bytes(0, 7, 0, 16)), [7, 16])
  t.deepEqual(options.parseArchitectures(bytes(0, 7, 0)), [])
})

test('RFC 4578 §2.2 and §2.3: UNDI version and machine identifier', (t) => {
  t.deepEqual(options.parseClientInterface(bytes(1, 3, 16)), { type: 1, major: 3, minor: 16 })
  t.is(options.parseMachineIdentifier(bytes(0, ...Array(16).fill(0xab))), 'ab'.repeat(16))
  t.is(options.parseMachineIdentifier(bytes(1, ...Array(16).fill(0))), undefined)
})

test('sub-options: encode and parse; a cut item makes the whole undefined', (t) => {
  const items = new Map([
    [1, bytes(9, 9)],
    [176, bytes(1)],
  ])
  t.deepEqual(options.parseSubOptions(options.encodeSubOptions(items)), items)
  t.is(options.parseSubOptions(bytes(1, 2, 9)), undefined)
  t.is(options.parseSubOptions(bytes(1)), undefined)
})

test('relay agent information: RFC 3527 link selection, RFC 5107 override, RFC 8357 source port', (t) => {
  t.deepEqual(options.parseRelayAgentInformation(bytes(1, 1, 7, 5, 4, 10, 77, 3, 0, 11, 4, 10, 77, 3, 1, 19, 0)), {
    linkSelection: ip('10.77.3.0'),
    serverIdentifierOverride: ip('10.77.3.1'),
    sourcePort: true,
  })
  t.is(options.parseRelayAgentInformation(bytes(5, 4, 10)), undefined)
})

test('RFC 3397: search list in DNS form', (t) => {
  t.deepEqual([...options.encodeDomainSearch(['a.bc'])], [1, 97, 2, 98, 99, 0])
  t.is(options.encodeDomainSearch([`${'x'.repeat(64)}.test`]).length, 0)
})

test('RFC 3442: classless routes carry only significant octets', (t) => {
  const routes = [{ destination: ip('10.17.0.0'), prefixLength: 16, router: ip('10.0.0.1') }]
  t.deepEqual([...options.encodeClasslessRoutes(routes)], [16, 10, 17, 10, 0, 0, 1])
  const fallback = [{ destination: ip('0.0.0.0'), prefixLength: 0, router: ip('10.0.0.1') }]
  t.deepEqual([...options.encodeClasslessRoutes(fallback)], [0, 10, 0, 0, 1])
})

test('text options lose the NULs that firmware counts in', (t) => {
  t.is(options.parseText(text('snponly.efi\0')), 'snponly.efi')
  t.is(options.parseText(bytes()), undefined)
})
