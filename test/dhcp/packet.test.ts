import test from 'ava'
import fc from 'fast-check'
import { type DhcpPacket, encodePacket, messageTypeOf, parsePacket } from '../../src/dhcp/packet.ts'
import { goldenRequests } from './golden.ts'
import { request, requestBytes } from './requests.ts'

const parsed = (bytes: Uint8Array): DhcpPacket => {
  const packet = parsePacket(bytes)
  if ('fault' in packet) throw new Error(`${packet.fault} at ${packet.offset}`)
  return packet
}

/** A datagram with these bytes behind the cookie. */
function withOptions(options: readonly number[], change: (bytes: Uint8Array) => void = () => undefined): Uint8Array {
  const bytes = new Uint8Array(240 + options.length)
  bytes.set(requestBytes({}).subarray(0, 240))
  bytes.set(options, 240)
  change(bytes)
  return bytes
}

const anyAddress = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)).map((octets) => octets.join('.'))
/** Latin-1 without NUL, as the fields hold it. */
const anyText = (maxLength: number) =>
  fc
    .array(fc.integer({ min: 1, max: 255 }), { maxLength })
    .map((codes) => codes.map((code) => String.fromCharCode(code)).join(''))
const anyOptions = fc
  .uniqueArray(
    fc.tuple(
      fc.integer({ min: 1, max: 254 }).filter((code) => code !== 52 && code !== 53),
      fc.uint8Array({ maxLength: 300 }).map((value) => Uint8Array.from(value)),
    ),
    { maxLength: 12, selector: ([code]) => code },
  )
  .map((pairs) => new Map(pairs))
const anyPacket: fc.Arbitrary<DhcpPacket> = fc.record({
  op: fc.constantFrom<1 | 2>(1, 2),
  htype: fc.nat(255),
  hlen: fc.nat(16),
  hops: fc.nat(255),
  xid: fc.nat(0xffffffff),
  secs: fc.nat(0xffff),
  flags: fc.nat(0xffff),
  ciaddr: anyAddress,
  yiaddr: anyAddress,
  siaddr: anyAddress,
  giaddr: anyAddress,
  chaddr: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((value) => Uint8Array.from(value)),
  sname: anyText(63),
  file: anyText(127),
  options: anyOptions,
  cookie: fc.constant(true),
})
const byCode = (options: ReadonlyMap<number, Uint8Array>) => [...options].sort(([a], [b]) => a - b)

test('parse(encode(packet)) is the packet when all options fit', (t) => {
  fc.assert(
    fc.property(anyPacket, (packet) => {
      const { bytes, dropped } = encodePacket(packet, 8192)
      const back = parsed(bytes)
      t.deepEqual(dropped, [])
      t.deepEqual({ ...back, chaddr: Uint8Array.from(back.chaddr), options: 0 }, { ...packet, options: 0 })
      t.deepEqual(byCode(back.options), byCode(packet.options))
    }),
  )
  t.pass()
})

test('whatever the size limit: within it, parses, what is not dropped is whole, option 82 stands last', (t) => {
  fc.assert(
    fc.property(anyPacket, fc.integer({ min: 300, max: 1472 }), (packet, maximum) => {
      const { bytes, dropped } = encodePacket(packet, maximum)
      const back = parsed(bytes)
      t.true(bytes.length <= maximum && bytes.length >= 300)
      t.deepEqual(
        byCode(back.options),
        byCode(packet.options).filter(([code]) => !dropped.includes(code)),
      )
      t.is(back.file, packet.file)
      t.is(back.sname, packet.sname)
      if (packet.options.has(82) && !dropped.includes(82)) t.is(lastOption(bytes), 82)
    }),
    { numRuns: 500 },
  )
  t.pass()
})

function lastOption(bytes: Uint8Array): number | undefined {
  let last: number | undefined
  for (let at = 240; bytes[at] !== 255; at += 2 + bytes[at + 1]!) last = bytes[at]
  return last
}

test('random bytes never throw', (t) => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 700 }), (bytes) => t.truthy(parsePacket(bytes))))
  // ... also behind a good header, where the option parser gets to see them.
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(239), fc.nat(255), (tail, at, byte) => {
      const bytes = withOptions([...tail], (all) => {
        all[at] = byte
      })
      t.truthy(parsePacket(bytes))
    }),
    { numRuns: 2000 },
  )
})

test('a golden packet cut anywhere is a value, and a fault where an option is cut', (t) => {
  for (const { bytes } of goldenRequests) {
    for (let length = 0; length < bytes.length; length += 1) t.truthy(parsePacket(bytes.subarray(0, length)))
    t.deepEqual(parsePacket(bytes.subarray(0, 235)), { fault: 'truncated', offset: 235 })
    t.deepEqual(parsePacket(bytes.subarray(0, 241)), { fault: 'option-truncated', offset: 240 })
  }
})

test('golden packets: parse, encode, parse gives the same', (t) => {
  for (const { bytes } of goldenRequests) {
    const packet = parsed(bytes)
    t.deepEqual(parsed(encodePacket(packet, 1472).bytes), packet)
  }
})

test('malformed: what and where', (t) => {
  t.deepEqual(parsePacket(withOptions([], (b) => b.set([3], 0))), { fault: 'bad-op', offset: 0 })
  t.deepEqual(parsePacket(withOptions([], (b) => b.set([17], 2))), { fault: 'bad-hlen', offset: 2 })
  t.deepEqual(parsePacket(withOptions([255], (b) => b.set([9], 236))), { fault: 'bad-cookie', offset: 236 })
  t.deepEqual(parsePacket(withOptions([0, 53, 4, 1])), { fault: 'option-truncated', offset: 241 })
  t.deepEqual(parsePacket(withOptions([53])), { fault: 'option-truncated', offset: 240 })
  t.deepEqual(parsePacket(withOptions([52, 1, 4, 255])), { fault: 'bad-overload', offset: 242 })
  t.deepEqual(parsePacket(withOptions([53, 2, 1, 1, 255])), { fault: 'bad-message-type', offset: 240 })
})

test('RFC 2132 §3.1: PAD is one byte, anywhere between options', (t) => {
  const packet = parsed(withOptions([0, 0, 53, 1, 1, 0, 12, 1, 97, 255]))
  t.is(messageTypeOf(packet), 1)
  t.deepEqual([...packet.options.get(12)!], [97])
})

test('RFC 2132 §3.2: nothing behind END is read', (t) => {
  t.false(parsed(withOptions([53, 1, 1, 255, 12, 1, 97])).options.has(12))
})

test('RFC 951: a message of 300 bytes without the magic cookie is BOOTP', (t) => {
  const packet = parsed(new Uint8Array(300).fill(0).map((_, at) => (at === 0 ? 1 : 0)))
  t.false(packet.cookie)
  t.is(packet.options.size, 0)
  t.is(messageTypeOf(packet), undefined)
})

test('RFC 951 §3: a reply is never shorter than 300 bytes', (t) => {
  t.is(encodePacket(request({ type: 1 }), 548).bytes.length, 300)
})

test('RFC 3396 §7: options of the same code are joined in order', (t) => {
  t.deepEqual([...parsed(withOptions([43, 2, 1, 2, 12, 1, 97, 43, 1, 3, 255])).options.get(43)!], [1, 2, 3])
})

test('RFC 3396 §5: over options, file and sname the order is options, file, sname', (t) => {
  const bytes = withOptions([43, 1, 1, 52, 1, 3, 255], (all) => {
    all.set([43, 1, 3, 255], 44)
    all.set([43, 1, 2, 12, 1, 97, 255], 108)
  })
  const packet = parsed(bytes)
  t.deepEqual([...packet.options.get(43)!], [1, 2, 3])
  t.deepEqual([...packet.options.get(12)!], [97])
  t.is(packet.file, '')
  t.is(packet.sname, '')
  t.false(packet.options.has(52))
})

test('RFC 3396 §6: a value over 255 bytes is split', (t) => {
  const value = Array.from({ length: 600 }, (_, at) => at & 255)
  const { bytes } = encodePacket(request({ type: 1, options: [[43, value]] }), 1472)
  t.deepEqual([...bytes.subarray(243, 245)], [43, 255])
  t.deepEqual([...parsed(bytes).options.get(43)!], value)
})

test('RFC 2132 §9.3: what does not fit goes to file and sname, and option 52 says so', (t) => {
  const options: (readonly [number, number[]])[] = [43, 44, 45, 46].map(
    (code) => [code, Array(100).fill(code)] as const,
  )
  const { bytes, dropped } = encodePacket(request({ type: 1, options }), 556)
  t.deepEqual(dropped, [])
  t.deepEqual([bytes[108], bytes[109]], [46, 100])
  t.is(parsed(bytes).options.size, 5)
})

test('options that fit nowhere are dropped by their order, smaller ones behind them still fit', (t) => {
  const options: (readonly [number, number[]])[] = [
    [43, Array(200).fill(1)],
    [44, Array(200).fill(2)],
    [12, [97]],
  ]
  const { bytes, dropped } = encodePacket(request({ type: 1, file: 'f', sname: 's', options }), 500)
  t.deepEqual(dropped, [44])
  t.deepEqual([...parsed(bytes).options.get(12)!], [97])
})

test('RFC 3046 §2.2: option 82 is echoed verbatim, as the last option', (t) => {
  const value = [1, 2, 7, 8, 2, 3, 9, 9, 9, 151, 0]
  const { bytes } = encodePacket(
    request({
      type: 1,
      options: [
        [82, value],
        [12, 'n01'],
        [66, '10.77.0.1'],
      ],
    }),
    548,
  )
  t.is(lastOption(bytes), 82)
  t.deepEqual([...parsed(bytes).options.get(82)!], value)
})
