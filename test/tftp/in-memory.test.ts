/** The whole server over an in-memory network with a clock of its own. */
import test from 'ava'
import fc from 'fast-check'
import { encodeError, type TftpOption } from '../../src/tftp/packet.ts'
import { openTftpServer, type TftpServerOptions } from '../../src/tftp/server.ts'
import type { BootEvent } from '../../src/timeline/event.ts'
import { MemoryClient } from './memory-client.ts'
import { FAIR, MemoryNetwork, seeded, type Weather } from './memory-network.ts'

function randomBytes(size: number, seed: number): Buffer {
  const random = seeded(seed)
  // Many line ends, so that netascii has work to do.
  return Buffer.from(Array.from({ length: size }, () => (random() < 0.2 ? (random() < 0.5 ? 10 : 13) : random() * 256)))
}

async function openIn(network: MemoryNetwork, files: Record<string, Buffer>, extra: Partial<TftpServerOptions> = {}) {
  const events: BootEvent[] = []
  const server = await openTftpServer({
    addresses: ['10.77.0.1'],
    routes: [
      (name) => {
        const data = files[name]
        return data && { kind: 'bytes', data }
      },
    ],
    emit: (event) => events.push(event),
    now: () => network.nowMs,
    nodeOf: (ip) => (ip === '10.77.0.50' ? 'cn07' : undefined),
    log: { warn: () => {}, debug: () => {} },
    sockets: network.sockets,
    every: network.every,
    ...extra,
  })
  return { server, events }
}

const weather = fc.record({
  // Not more: at a quarter lost each way, eight tries in a row fail for one block in 700, and giving up is then right.
  loss: fc.constantFrom(0, 0.01, 0.1, 0.15),
  duplicates: fc.constantFrom(0, 0.05, 0.3),
  jitterMs: fc.constantFrom(0, 3, 40),
  seed: fc.nat(),
})

test('every file arrives intact, whatever the block size, window, mode and weather', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        weather,
        sizeBytes: fc.oneof(fc.nat(5000), fc.constantFrom(0, 511, 512, 513, 1024, 4096)),
        blksize: fc.constantFrom(undefined, 8, 64, 512, 1024, 1468),
        windowsize: fc.constantFrom(undefined, 1, 2, 4, 16, 64),
        mode: fc.constantFrom('octet', 'netascii'),
        timeout: fc.constantFrom(undefined, 1, 3),
      }),
      async ({ weather: bad, sizeBytes, blksize, windowsize, mode, timeout }) => {
        const network = new MemoryNetwork(bad)
        const data = randomBytes(blksize === 8 ? sizeBytes % 1500 : sizeBytes, bad.seed + 1)
        const { server, events } = await openIn(network, { file: data })
        const asked: [string, number | undefined][] = [
          ['blksize', blksize],
          ['windowsize', windowsize],
          ['timeout', timeout],
        ]
        const options = asked.flatMap(([name, value]): TftpOption[] =>
          value === undefined ? [] : [[name, String(value)]],
        )
        const client = new MemoryClient(network, { name: 'file', mode, options: [...options, ['tsize', '0']] }).start()
        const arrived = await network.run(() => client.over, 3_600_000)
        t.true(arrived && client.complete)
        t.deepEqual(client.received, data)
        const told = client.options.find(([name]) => name === 'tsize')?.[1]
        t.is(told, data.length === 0 ? undefined : String(client.wireBytes), 'tsize is exact')
        await network.run(() => server.counters.active === 0, network.nowMs + 600_000)
        t.is(server.counters.active, 0)
        t.is(network.openPorts, 0)
        t.true(events.length >= 1)
        await server.close()
      },
    ),
    { numRuns: 150 },
  )
})

test('RFC 1123 §4.2.3.1: with every datagram doubled, no block is sent twice', async (t) => {
  for (const windowsize of ['1', '4']) {
    const network = new MemoryNetwork({ ...FAIR, duplicates: 1 })
    const { server } = await openIn(network, { file: randomBytes(50_000, 5) })
    const client = new MemoryClient(network, { name: 'file', options: [['windowsize', windowsize]] }).start()
    t.true(await network.run(() => client.over && server.counters.active === 0, 60_000))
    const blocks = network.sent.filter(({ from, bytes }) => from.ip === '10.77.0.1' && bytes[1] === 3)
    t.is(blocks.length, Math.floor(50_000 / 512) + 1)
    t.is(server.counters.resent, 0)
    await server.close()
  }
})

test('RFC 7440 §4: one lost block inside a window costs no time-out', async (t) => {
  const network = new MemoryNetwork()
  const { server, events } = await openIn(network, { file: randomBytes(40_000, 6) })
  const client = new MemoryClient(network, { name: 'file', options: [['windowsize', '8']] })
  const send = network.send.bind(network)
  let lost = false
  network.send = (from, to, packet) => {
    // Block 11, the third of the second window, once.
    if (!lost && packet[1] === 3 && packet.readUInt16BE(2) === 11) lost = true
    else send(from, to, packet)
  }
  client.start()
  t.true(await network.run(() => server.counters.completed === 1, 60_000))
  t.true(lost)
  t.true(network.nowMs < 200, `took ${network.nowMs} ms`)
  t.is(server.counters.resent, 6)
  t.regex(events[0]?.detail ?? '', /6 blocks resent/)
  await server.close()
})

test('a request that comes twice from one port starts one transfer', async (t) => {
  const network = new MemoryNetwork()
  const { server } = await openIn(network, { file: randomBytes(20_000, 7) })
  const client = new MemoryClient(network, { name: 'file' }).start()
  client.ask()
  network.at(10, () => client.ask())
  t.true(await network.run(() => client.complete && server.counters.active === 0, 60_000))
  t.is(network.connects, 1)
  t.is(server.counters.duplicates, 2)
  await server.close()
})

test('another file from the same port replaces the transfer', async (t) => {
  const network = new MemoryNetwork()
  const { server, events } = await openIn(network, { a: randomBytes(900_000, 8), b: randomBytes(2000, 9) })
  new MemoryClient(network, { name: 'a' }).start()
  await network.run(() => network.nowMs >= 20, 60_000)
  // The machine is switched off and on: what was on its way to it is lost.
  network.hear({ ip: '10.77.0.50', port: 3000 }, () => {})
  await network.run(() => network.nowMs >= 100, 60_000)
  const second = new MemoryClient(network, { name: 'b' }).start()
  t.true(await network.run(() => second.complete && server.counters.active === 0, 60_000))
  t.is(network.connects, 2)
  t.like(events[0], { object: 'a', ok: false })
  t.like(events[1], { object: 'b', ok: true, bytes: 2000, node: 'cn07', service: 'tftp', event: 'read' })
  await server.close()
})

test('a client that looks at the size and stops (EDK2: error 8, PXE ROMs: error 0) is no failure', async (t) => {
  for (const code of [8, 0]) {
    const network = new MemoryNetwork()
    const { server, events } = await openIn(network, { file: randomBytes(5000, 10) })
    const stop = encodeError(code, 'User aborted the transfer')
    const client = new MemoryClient(network, { name: 'file', options: [['tsize', '0']], stopAtOptions: stop }).start()
    t.true(await network.run(() => events.length > 0, 60_000))
    t.deepEqual(client.options, [['tsize', '5000']])
    t.like(events[0], { ok: true, bytes: 0, object: 'file' })
    t.regex(events[0]?.detail ?? '', new RegExp(`stopped by the client before the first block \\(error ${code}\\)`))
    t.like(server.counters, { stopped: 1, failed: 0, active: 0 })
    await server.close()
  }
})

test('a client that complains (disk full) is a failure; a client that falls silent too, after a bounded time', async (t) => {
  const network = new MemoryNetwork()
  const { server, events } = await openIn(network, { file: randomBytes(500_000, 11) })
  const full = new MemoryClient(network, { name: 'file' }).start()
  await network.run(() => network.nowMs > 50, 60_000)
  full.abort(3)
  await network.run(() => events.length === 1, 60_000)
  t.like(events[0], { ok: false })
  t.regex(events[0]?.detail ?? '', /error 3/)

  network.send({ ip: '10.77.0.51', port: 4000 }, { ip: '10.77.0.1', port: 69 }, Buffer.from('\0\x01file\0octet\0'))
  t.true(await network.run(() => events.length === 2, 120_000))
  t.like(events[1], { ok: false, ip: '10.77.0.51', bytes: 0 })
  t.regex(events[1]?.detail ?? '', /time-out/)
  t.is(network.openPorts, 0)
  await server.close()
})

test('misses are answered with error 1 and reported as such, without a socket of their own', async (t) => {
  const network = new MemoryNetwork()
  const { server, events } = await openIn(network, {})
  const client = new MemoryClient(network, { name: '/boot/grub/grub.cfg-0A4D' }).start()
  t.true(await network.run(() => client.over, 60_000))
  t.like(client.error, { code: 1 })
  t.like(events[0], { ok: false, detail: 'no such file', object: '/boot/grub/grub.cfg-0A4D' })
  t.is(network.connects, 0)
  t.is(server.counters.notFound, 1)
  await server.close()
})

test('names outside the root, write requests and unknown modes are refused with their code', async (t) => {
  const cases: [string, Buffer, number][] = [
    ['outside', Buffer.from('\0\x01../etc/passwd\0octet\0'), 2],
    ['write', Buffer.from('\0\x02new\0octet\0'), 2],
    ['mail', Buffer.from('\0\x01file\0mail\0'), 4],
  ]
  for (const [what, request, code] of cases) {
    const network = new MemoryNetwork()
    const { server } = await openIn(network, { file: Buffer.from('x') })
    const at = { ip: '10.77.0.60', port: 5000 }
    let answer: Buffer | undefined
    network.hear(at, (bytes) => {
      answer = bytes
    })
    network.send(at, { ip: '10.77.0.1', port: 69 }, request)
    await network.run(() => answer !== undefined, 10_000)
    t.deepEqual(answer?.subarray(0, 4), Buffer.from([0, 5, 0, code]), what)
    t.like(server.counters, { refused: 1, active: 0 })
    await server.close()
  }
})

test('routes are asked in order; a refusal ends the chain', async (t) => {
  const network = new MemoryNetwork()
  const asked: string[] = []
  const { server } = await openIn(
    network,
    {},
    {
      routes: [
        (name) => {
          asked.push(`first ${name}`)
          return name === 'secret' ? { kind: 'refused', code: 2, message: 'not for you' } : undefined
        },
        async (name, client) => ({ kind: 'bytes', data: Buffer.from(`${name} for ${client.ip}`) }),
      ],
    },
  )
  const rendered = new MemoryClient(network, { name: '/tftpboot/petitboot/cn07', port: 3001 }).start()
  const refused = new MemoryClient(network, { name: 'secret', port: 3002 }).start()
  t.true(await network.run(() => rendered.over && refused.over, 60_000))
  t.is(rendered.received.toString(), 'petitboot/cn07 for 10.77.0.50')
  t.like(refused.error, { code: 2, message: 'not for you' })
  t.deepEqual(asked.sort(), ['first petitboot/cn07', 'first secret'])
  await server.close()
})

test('a route that throws fails its own request only', async (t) => {
  const network = new MemoryNetwork()
  const { server, events } = await openIn(
    network,
    {},
    {
      routes: [
        (name) => {
          if (name === 'bad') throw new Error('renderer broke')
          return { kind: 'bytes', data: Buffer.from('fine') }
        },
      ],
    },
  )
  const bad = new MemoryClient(network, { name: 'bad', port: 3001 }).start()
  const good = new MemoryClient(network, { name: 'good', port: 3002 }).start()
  t.true(await network.run(() => bad.over && good.over, 60_000))
  t.like(bad.error, { code: 0 })
  t.true(good.complete)
  t.is(events.find(({ object }) => object === 'bad')?.detail, 'renderer broke')
  await server.close()
})

test('fairness: of two equal clients none gets ahead of the other by more than a window', async (t) => {
  const network = new MemoryNetwork()
  const { server } = await openIn(network, { file: randomBytes(100_000, 12) })
  const clients = [3001, 3002].map((port) =>
    new MemoryClient(network, { name: 'file', port, options: [['windowsize', '4']] }).start(),
  )
  let apart = 0
  await network.run(() => {
    const [a = 0, b = 0] = clients.map((client) => client.wireBytes)
    apart = Math.max(apart, Math.abs(a - b))
    return clients.every((client) => client.complete)
  }, 60_000)
  t.true(apart <= 4 * 512, `${apart} bytes apart`)
  await server.close()
})

test('more clients than places: the rest wait in order, repeat their requests, and all are served', async (t) => {
  const network = new MemoryNetwork({ ...FAIR, loss: 0.02, seed: 3 })
  const file = randomBytes(3000, 13)
  const { server } = await openIn(network, { file }, { transfersMax: 5 })
  const clients = Array.from({ length: 60 }, (_, i) =>
    new MemoryClient(network, { name: 'file', port: 4000 + i }).start(),
  )
  t.true(await network.run(() => clients.every((client) => client.over) && server.counters.active === 0, 600_000))
  t.true(clients.every((client) => client.received.equals(file)))
  t.true(server.counters.activeMax <= 5)
  t.true(server.counters.queued >= 50)
  await server.close()
})

test('without sockets to be had a request is dropped, not refused: its client asks again', async (t) => {
  const network = new MemoryNetwork()
  const { server } = await openIn(network, { file: Buffer.from('x') })
  network.refuseConnects = true
  const client = new MemoryClient(network, { name: 'file' }).start()
  network.at(1000, () => {
    network.refuseConnects = false
  })
  t.true(await network.run(() => client.complete, 60_000))
  t.is(server.counters.dropped, 1)
  await server.close()
})

test('single-port mode: everything leaves from port 69, under bad weather too', async (t) => {
  const bad: Weather = { loss: 0.1, duplicates: 0.1, jitterMs: 5, seed: 4 }
  const network = new MemoryNetwork(bad)
  const file = randomBytes(30_000, 14)
  const { server } = await openIn(network, { file }, { singlePort: true })
  const clients = [3001, 3002, 3003].map((port) =>
    new MemoryClient(network, {
      name: 'file',
      port,
      options: [
        ['windowsize', '4'],
        ['blksize', '1024'],
      ],
    }).start(),
  )
  t.true(await network.run(() => clients.every((client) => client.over), 600_000))
  t.true(clients.every((client) => client.received.equals(file)))
  t.true(network.sent.every(({ from }) => from.ip !== '10.77.0.1' || from.port === 69))
  t.is(network.connects, 0)
  await server.close()
})

test('RFC 1350 §4: data or an ACK of no transfer on the request port is answered with error 5, an ERROR with nothing', async (t) => {
  const network = new MemoryNetwork()
  const { server } = await openIn(network, {})
  const at = { ip: '10.77.0.60', port: 5000 }
  const answers: Buffer[] = []
  network.hear(at, (bytes) => answers.push(bytes))
  for (const bytes of [[0, 4, 0, 1], [0, 5, 0, 1, 0], [9, 9, 9, 9], [0]]) {
    network.send(at, { ip: '10.77.0.1', port: 69 }, Buffer.from(bytes))
  }
  await network.run(() => false, 1000)
  t.deepEqual(
    answers.map((bytes) => bytes[3]),
    [5],
  )
  t.is(server.counters.malformed, 2)
  await server.close()
})
