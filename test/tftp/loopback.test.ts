/** Real sockets on loopback, with the package tftp2 as the client: needs no privileges. */
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { encodeAck, encodePacket, OPCODE, parsePacket, type TftpOption } from '../../src/tftp/packet.ts'
import { diskRoute } from '../../src/tftp/routes.ts'
import { openTftpServer, type TftpServerOptions } from '../../src/tftp/server.ts'
import { Client } from '../../src/tftp/tftp2.ts'
import type { BootEvent } from '../../src/timeline/event.ts'

async function openOn(t: ExecutionContext, extra: Partial<TftpServerOptions> = {}) {
  const root = mkdtempSync(join(tmpdir(), 'tftp-loopback-'))
  // Before the server: it may refuse to open, and that is a test too.
  t.teardown(() => rmSync(root, { recursive: true }))
  const events: BootEvent[] = []
  const server = await openTftpServer({
    addresses: ['127.0.0.1'],
    port: 0,
    routes: [diskRoute(root)],
    emit: (event) => events.push(event),
    now: Date.now,
    log: { warn: () => {}, debug: () => {} },
    ...extra,
  })
  t.teardown(() => server.close())
  return { server, events, root }
}

async function fetch(port: number, name: string): Promise<Buffer> {
  const client = Client('127.0.0.1', port)
  const parts: Buffer[] = []
  await client.read(
    name,
    (data) => parts.push(Buffer.from(data)),
    () => {},
  )
  client.close()
  return Buffer.concat(parts)
}

for (const singlePort of [false, true]) {
  test(`the tftp2 client reads a file, ${singlePort ? 'single port' : 'a socket per transfer'}`, async (t) => {
    const { server, events, root } = await openOn(t, { singlePort })
    const data = randomBytes(100_000)
    writeFileSync(join(root, 'loader'), data)
    t.true((await fetch(server.port, 'loader')).equals(data))
    while (events.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    t.like(events[0], { service: 'tftp', event: 'read', ok: true, bytes: 100_000, object: 'loader', ip: '127.0.0.1' })
  })
}

test('two hundred tftp2 clients at once all get their file', async (t) => {
  const { server, root } = await openOn(t)
  const data = randomBytes(20_000)
  writeFileSync(join(root, 'loader'), data)
  const files = await Promise.all(Array.from({ length: 200 }, () => fetch(server.port, 'loader')))
  t.true(files.every((file) => file.equals(data)))
})

test('without an upload directory a write is refused; with one the tftp2 client writes a file', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'tftp-upload-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  const { server, events } = await openOn(t, { upload: { directory, maxBytes: 50_000 } })
  const client = Client('127.0.0.1', server.port)
  const data = randomBytes(10_000)
  await client.write('crash-log', data)
  client.close()
  while (events.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  t.true(readFileSync(join(directory, 'crash-log')).equals(data))
  t.deepEqual(readdirSync(directory), ['crash-log'])
  t.like(events[0], { event: 'write', ok: true, bytes: 10_000 })
})

/** Writes by hand: answers the first packet, then every ACK with the next block. Returns the code of an ERROR. */
async function writeByHand(port: number, filename: string, data: Buffer, options: TftpOption[] = []) {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const request = encodePacket({ opcode: OPCODE.WRQ, filename, mode: 'octet', options, strayBytes: 0 })
  socket.send(request, port, '127.0.0.1')
  try {
    for (;;) {
      const [bytes, from] = (await once(socket, 'message')) as [Buffer, { port: number }]
      const packet = parsePacket(bytes)
      if ('fault' in packet) throw new Error(packet.fault)
      if (packet.opcode === OPCODE.ERROR) return packet.code
      const done = packet.opcode === OPCODE.ACK ? packet.block : 0
      if (done * 512 > data.length) return undefined
      const block = data.subarray(done * 512, done * 512 + 512)
      socket.send(encodePacket({ opcode: OPCODE.DATA, block: done + 1, data: block }), from.port, '127.0.0.1')
    }
  } finally {
    socket.close()
  }
}

test('uploads: no overwriting, no paths, no hidden names, a bound on the size, and nothing left of a failed one', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'tftp-upload-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  const { server } = await openOn(t, { upload: { directory, maxBytes: 2000 } })
  const write = (name: string, size: number, options: TftpOption[] = []) =>
    writeByHand(server.port, name, Buffer.alloc(size, 97), options)
  t.is(await write('log', 1024), undefined)
  t.is(readFileSync(join(directory, 'log'), 'latin1'), 'a'.repeat(1024))
  t.is(await write('log', 10), 6)
  t.is(await write('sub/log', 10), 2)
  t.is(await write('.hidden', 10), 2)
  t.is(await write('../log', 10), 2)
  t.is(await write('large', 4000), 3)
  t.is(await write('announced', 10, [['tsize', '5000']]), 3)
  while (readdirSync(directory).length > 1) await new Promise((resolve) => setTimeout(resolve, 5))
  t.deepEqual(readdirSync(directory), ['log'])
})

test('a client whose port is closed ends its transfer at once, not after half a minute', async (t) => {
  const { server, events, root } = await openOn(t)
  writeFileSync(join(root, 'loader'), randomBytes(10_000))
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const request = encodePacket({ opcode: OPCODE.RRQ, filename: 'loader', mode: 'octet', options: [], strayBytes: 0 })
  socket.send(request, server.port, '127.0.0.1')
  const [, from] = (await once(socket, 'message')) as [Buffer, { port: number }]
  socket.send(encodeAck(1), from.port, '127.0.0.1', () => socket.close())
  while (events.length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
  t.like(events[0], { ok: false })
  t.regex(events[0]?.detail ?? '', /client port closed/)
})

test('RFC 1350 §4: a packet from another port does not touch a transfer', async (t) => {
  const { server, root } = await openOn(t)
  const data = randomBytes(1000)
  writeFileSync(join(root, 'loader'), data)
  const client = createSocket('udp4')
  const other = createSocket('udp4')
  for (const socket of [client, other]) {
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
  }
  other.on('error', () => {})
  const request = encodePacket({ opcode: OPCODE.RRQ, filename: 'loader', mode: 'octet', options: [], strayBytes: 0 })
  client.send(request, server.port, '127.0.0.1')
  const [first, from] = (await once(client, 'message')) as [Buffer, { port: number }]
  t.is(first.readUInt16BE(2), 1)
  other.send(encodePacket({ opcode: OPCODE.ERROR, code: 0, message: 'stop' }), from.port, '127.0.0.1')
  other.send(encodeAck(1), from.port, '127.0.0.1')
  await new Promise((resolve) => setTimeout(resolve, 50))
  client.send(encodeAck(1), from.port, '127.0.0.1')
  const [second] = (await once(client, 'message')) as [Buffer]
  t.deepEqual(Buffer.concat([first.subarray(4), second.subarray(4)]), data)
  client.send(encodeAck(2), from.port, '127.0.0.1')
  while (server.counters.active > 0) await new Promise((resolve) => setTimeout(resolve, 5))
  t.like(server.counters, { completed: 1, active: 0 })
  client.close()
  other.close()
})

test('an address that cannot be bound is thrown, and leaves nothing open', async (t) => {
  await t.throwsAsync(openOn(t, { addresses: ['127.0.0.1', '192.0.2.1'] }), { code: 'EADDRNOTAVAIL' })
})
