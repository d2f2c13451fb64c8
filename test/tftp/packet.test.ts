import test from 'ava'
import fc from 'fast-check'
import {
  encodePacket,
  OPCODE,
  parseAckBlock,
  parsePacket,
  type TftpOption,
  type TftpPacket,
} from '../../src/tftp/packet.ts'
import { Packet as Tftp2Packet } from '../../src/tftp/tftp2.ts'

/** Strings that survive a NUL-terminated field; a name may not end in what the 0xff quirk strips (never valid UTF-8). */
const text = fc.string({ minLength: 1, maxLength: 40 }).filter((value) => !value.includes('\0'))
const block = fc.integer({ min: 0, max: 0xffff })
const option: fc.Arbitrary<TftpOption> = fc.tuple(text, fc.oneof(text, fc.constant('')))
const options = fc.array(option, { maxLength: 8 })
const request = fc.record({
  opcode: fc.constantFrom(OPCODE.RRQ, OPCODE.WRQ),
  filename: fc.oneof(text, fc.constant('')),
  mode: fc.constantFrom('octet', 'netascii', 'mail'),
  options,
  strayBytes: fc.constant(0),
})
const packet: fc.Arbitrary<TftpPacket> = fc.oneof(
  request,
  fc.record({
    opcode: fc.constant(OPCODE.DATA),
    block,
    data: fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
  }),
  fc.record({ opcode: fc.constant(OPCODE.ACK), block }),
  fc.record({ opcode: fc.constant(OPCODE.ERROR), code: block, message: fc.oneof(text, fc.constant('')) }),
  fc.record({ opcode: fc.constant(OPCODE.OACK), options: fc.array(option, { minLength: 1, maxLength: 8 }) }),
)

test('parse(encode(packet)) is the packet, for all six kinds', (t) => {
  fc.assert(
    fc.property(packet, (value) => {
      t.deepEqual(parsePacket(encodePacket(value)), value)
    }),
  )
})

test('random bytes never throw, and are a packet or a fault inside the datagram', (t) => {
  const opcodeFirst = fc
    .tuple(fc.integer({ min: 0, max: 7 }), fc.uint8Array({ maxLength: 200 }))
    .map(([opcode, rest]) => Uint8Array.from([0, opcode, ...rest]))
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 2000 }), opcodeFirst), (bytes) => {
      const result = parsePacket(Buffer.from(bytes))
      if ('fault' in result) t.true(result.offset >= 0 && result.offset <= bytes.length)
      else t.true(result.opcode >= 1 && result.opcode <= 6)
      const ack = parseAckBlock(bytes)
      t.is(ack >= 0, 'opcode' in result && result.opcode === OPCODE.ACK)
    }),
    { numRuns: 2000 },
  )
})

test('every cut of a request is a fault or the same name', (t) => {
  const whole = encodePacket({
    opcode: OPCODE.RRQ,
    filename: 'grub/grub.cfg',
    mode: 'octet',
    options: [['blksize', '1428']],
    strayBytes: 0,
  })
  for (let length = 0; length < whole.length; length++) {
    const cut = parsePacket(whole.subarray(0, length))
    if ('fault' in cut) t.true(length < 'xxgrub/grub.cfg\0octet\0'.length, String(length))
    else t.like(cut, { filename: 'grub/grub.cfg', mode: 'octet', options: [] })
  }
})

test('RFC 1350 §5: the mode is read in any case', (t) => {
  t.like(parsePacket(Buffer.from('\0\x01name\0OcTeT\0', 'latin1')), { mode: 'octet' })
})

test('quirk: 0xff behind the file name and padding behind the request carry no meaning', (t) => {
  const padded = Buffer.concat([
    Buffer.from('\0\x01pxelinux.0\xff\0octet\0blksize\x001456\0', 'latin1'),
    Buffer.alloc(7),
  ])
  t.like(parsePacket(padded), { filename: 'pxelinux.0', options: [['blksize', '1456']], strayBytes: 8 })
  t.like(parsePacket(Buffer.from('\0\x01a\0octet\0half', 'latin1')), { options: [], strayBytes: 4 })
})

test('requests without an end of name or mode, too long, or with too many options are faults', (t) => {
  t.deepEqual(parsePacket(Buffer.from('\0\x01name', 'latin1')), { fault: 'filename', offset: 2 })
  t.like(parsePacket(Buffer.from('\0\x01name\0octet', 'latin1')), { fault: 'mode' })
  t.like(parsePacket(Buffer.from('\0\x01name\0\0', 'latin1')), { fault: 'mode' })
  t.like(parsePacket(Buffer.concat([Buffer.from('\0\x01', 'latin1'), Buffer.alloc(1500, 97)])), { fault: 'long' })
  t.like(parsePacket(Buffer.from(`\0\x01n\0octet\0${'a\x001\0'.repeat(17)}`, 'latin1')), { fault: 'options' })
  t.like(parsePacket(Buffer.from([0, 9, 0, 0])), { fault: 'opcode' })
  t.like(parsePacket(Buffer.from([0, 4, 0])), { fault: 'short' })
})

test('the plain packets are byte for byte those of the package tftp2', (t) => {
  const ascii = fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme-ascii' })
  fc.assert(
    fc.property(ascii, block, fc.uint8Array({ maxLength: 512 }), (filename, number, payload) => {
      const data = Buffer.from(payload)
      const rrq = { opcode: OPCODE.RRQ, filename, mode: 'octet', options: [], strayBytes: 0 }
      t.deepEqual(encodePacket(rrq), Tftp2Packet.createRequest(1, filename))
      t.deepEqual(encodePacket({ opcode: OPCODE.DATA, block: number, data }), Tftp2Packet.createData(number, data))
      t.deepEqual(encodePacket({ opcode: OPCODE.ACK, block: number }), Tftp2Packet.createAck(number))
      t.like(Tftp2Packet.parse(encodePacket(rrq)), { filename, mode: 'octet' })
    }),
  )
})
