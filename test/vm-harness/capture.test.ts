/** Reading of recordings, and of who sent what. */
import test from 'ava'
import fc from 'fast-check'
import { readFrames } from '../../vm-harness/capture/pcap.ts'
import { RequestReader } from '../../vm-harness/capture/requests.ts'
import { senderOf } from '../../vm-harness/capture/sender.ts'
import { goldenDhcp, goldenHttp, goldenTftp } from '../golden/requests.ts'
import { GOLDEN_WAYS } from '../golden/ways.ts'

const MAC = '52:54:00:77:00:01'
const OTHER_MAC = '52:54:00:77:00:02'

const hexOf = (mac: string) => Buffer.from(mac.replaceAll(':', ''), 'hex')

function frame(mac: string, kind: number, body: Buffer): Buffer {
  const header = Buffer.alloc(34)
  hexOf(mac).copy(header, 6)
  header.writeUInt16BE(0x0800, 12)
  header[14] = 0x45
  header.writeUInt16BE(20 + body.length, 16)
  header[23] = kind
  // Short frames are padded on the wire.
  return Buffer.concat([header, body, Buffer.alloc(Math.max(0, 60 - header.length - body.length))])
}

function udp(mac: string, port: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt16BE(1024, 0)
  header.writeUInt16BE(port, 2)
  header.writeUInt16BE(8 + payload.length, 4)
  return frame(mac, 17, Buffer.concat([header, payload]))
}

function tcp(sequence: number, text: string, flags = 0x10): Buffer {
  const header = Buffer.alloc(20)
  header.writeUInt16BE(1025, 0)
  header.writeUInt16BE(80, 2)
  header.writeUInt32BE(sequence >>> 0, 4)
  header[12] = 0x50
  header[13] = flags
  return frame(MAC, 6, Buffer.concat([header, Buffer.from(text, 'latin1')]))
}

function recording(frames: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(24)
  header.writeUInt32LE(0xa1b2c3d4, 0)
  header.writeUInt32LE(1, 20)
  const records = frames.map((bytes) => {
    const record = Buffer.alloc(16)
    record.writeUInt32LE(bytes.length, 8)
    return Buffer.concat([record, bytes])
  })
  return Buffer.concat([header, ...records])
}

const rrq = (name: string) => Buffer.from(`\0\x01${name}\0octet\0blksize\x001428\0`, 'latin1')
const post = (length: number) => `POST /r HTTP/1.1\r\nContent-Length: ${length}\r\n\r\n${'x'.repeat(length)}`
const FRAMES = [
  udp(MAC, 69, rrq('a')),
  udp(OTHER_MAC, 69, rrq('b')),
  // Sent again.
  udp(MAC, 69, rrq('a')),
  udp(MAC, 53, rrq('c')),
  tcp(0xfffffffe, '', 0x02),
  tcp(0xffffffff, 'GET /x HT'),
  tcp(0xffffffff, 'GET /x HT'),
  tcp(8, 'TP/1.1\r\n\r\n'),
  tcp(18, post(5)),
  tcp(18 + post(5).length, post(700)),
  tcp(18 + post(5).length + post(700).length, 'GET /y HTTP/1.1\r\n\r\n'),
]

test('a recording that grows: each distinct request of the one machine, in order, whatever it is cut into', (t) => {
  const whole = recording(FRAMES)
  fc.assert(
    fc.property(fc.array(fc.nat(whole.length), { maxLength: 6 }), (cuts) => {
      const reader = new RequestReader(MAC.toUpperCase())
      for (const cut of [...cuts.sort((a, b) => a - b), whole.length]) reader.read(whole.subarray(0, cut))
      t.deepEqual(
        reader.requests.map(({ asks }) => asks),
        ['RRQ a', 'GET /x', 'POST /r', 'GET /y'],
      )
    }),
  )
})

test('what is no Ethernet recording is refused, and frames that are cut never throw', (t) => {
  t.throws(() => readFrames(Buffer.alloc(24, 1), 0), { message: /no Ethernet recording/ })
  fc.assert(
    fc.property(fc.nat(FRAMES.length - 1), fc.nat(120), (index, length) => {
      new RequestReader(MAC).read(recording([FRAMES[index]!.subarray(0, length)]))
    }),
  )
  t.pass()
})

test('every captured request is known by its sender', (t) => {
  const lines = [...goldenDhcp, ...goldenTftp, ...goldenHttp].filter((line) => line.case in GOLDEN_WAYS)
  t.true(lines.length > 100)
  for (const line of lines) {
    const { protocol, asks, port, client } = line
    const payload = line.protocol === 'http' ? Buffer.from(line.request, 'latin1') : Buffer.from(line.payload, 'hex')
    t.is(senderOf({ protocol, asks, port, payload }), client, `${line.case} ${line.order}`)
    t.regex(line.package, /^\S+ \S+/)
    t.regex(line.emulator, /^qemu-system-\S+ \S+/)
    t.regex(line.date, /^\d{4}-\d\d-\d\d$/)
  }
})
