import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import test from 'ava'
import fc from 'fast-check'
import type { HttpRoute } from '../../src/http/route.ts'
import { answerText, renderedRoute, textRoute } from '../../src/http/text.ts'
import { ask, askBytes, openRig, until } from './rig.ts'

const HELLO = textRoute('/hello', () => 'hello\n')
const GET = 'GET /hello HTTP/1.1\r\nHost: x\r\n\r\n'
const broken: HttpRoute = {
  name: 'broken',
  events: 'each',
  matches: (path) => path === '/broken',
  handle() {
    throw new Error('a defect')
  },
}

test('RFC 9112 §9.3: connections persist, and answers come in the order of pipelined requests', async (t) => {
  const { port } = await openRig(t, [textRoute('/a', () => 'A'), textRoute('/b', () => 'B')])
  const bytes = await askBytes(
    port,
    ['GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    false,
  )
  const bodies = [...bytes.toString().matchAll(/\r\n\r\n([AB])/g)].map((match) => match[1])
  t.deepEqual(bodies, ['A', 'B'])
})

test('RFC 9112 §9.3: an HTTP/1.0 request is answered with a length, and the connection is closed', async (t) => {
  const { port } = await openRig(t, [HELLO])
  const text = (await askBytes(port, ['GET /hello HTTP/1.0\r\n\r\n'], false)).toString()
  t.regex(text, /^HTTP\/1\.1 200 OK\r\n/)
  t.regex(text, /\r\nContent-Length: 6\r\n/)
  t.regex(text, /\r\nConnection: close\r\n/)
  t.true(text.endsWith('\r\n\r\nhello\n'))
})

test('RFC 9112 §3.2: an HTTP/1.1 request without Host is answered 400', async (t) => {
  const { port } = await openRig(t, [HELLO])
  t.regex((await askBytes(port, ['GET /hello HTTP/1.1\r\n\r\n'])).toString(), /^HTTP\/1\.1 400 /)
})

test('RFC 9112 §3.2.2: absolute-form is accepted', async (t) => {
  const { port } = await openRig(t, [HELLO])
  const text = (
    await askBytes(port, ['GET http://10.77.0.1//hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'])
  ).toString()
  t.true(text.endsWith('hello\n'))
})

test('RFC 9112 §2.2: an empty line before the request line is skipped', async (t) => {
  const { port } = await openRig(t, [HELLO])
  t.regex((await askBytes(port, [`\r\n${GET}`])).toString(), /^HTTP\/1\.1 200 /)
})

test('RFC 9110 §9.1: a method this server does not know is 501, one that is known 405', async (t) => {
  const { port } = await openRig(t, [HELLO])
  t.is((await ask(port, '/hello', { method: 'PROPFIND' })).status, 501)
  const answer = await ask(port, '/hello', { method: 'PUT' })
  t.is(answer.status, 405)
  t.is(answer.headers.allow, 'GET, HEAD')
})

test('RFC 9110 §6.6.1: answers carry Date', async (t) => {
  const { port } = await openRig(t, [HELLO])
  t.true(Math.abs(Date.parse((await ask(port, '/hello')).headers.date ?? '') - Date.now()) < 60_000)
})

test('RFC 9112 §6.3: both Content-Length and Transfer-Encoding are refused, so is a folded header (§5.2)', async (t) => {
  const { port } = await openRig(t, [HELLO])
  const smuggle = 'POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
  t.regex((await askBytes(port, [smuggle])).toString(), /^HTTP\/1\.1 400 /)
  t.regex((await askBytes(port, ['GET /hello HTTP/1.1\r\nHost : x\r\n\r\n'])).toString(), /^HTTP\/1\.1 400 /)
})

test('RFC 6585 §5: too large a header is answered 431; RFC 9110 §15.5.15: too long a path 414', async (t) => {
  const rig = await openRig(t, [HELLO])
  const large = `GET /hello HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`
  t.regex((await askBytes(rig.port, [large])).toString(), /^HTTP\/1\.1 431 /)
  t.is(rig.counters.malformed, 1)
  t.is((await ask(rig.port, `/${'x'.repeat(5000)}`)).status, 414)
})

test('bad targets are 400, unknown paths 404', async (t) => {
  const { port } = await openRig(t, [HELLO])
  t.is((await ask(port, '/%00')).status, 400)
  t.is((await ask(port, '/%zz')).status, 400)
  t.is((await ask(port, '/nothing')).status, 404)
})

test('the first route that matches answers', async (t) => {
  const { port } = await openRig(t, [textRoute('/x', () => 'first'), renderedRoute('/', () => ({ text: 'second' }))])
  t.is((await ask(port, '/x')).body.toString(), 'first')
  t.is((await ask(port, '/y')).body.toString(), 'second')
})

test('rendered files: text, type, no-store; 404 for none, empty 200 where a file is optional', async (t) => {
  const rig = await openRig(
    t,
    [
      renderedRoute(
        '/boot',
        (rest, ip, query) =>
          rest === '/ipxe/cn01' ? { text: `${ip} ${query.get('m')}`, type: 'text/x-ipxe' } : undefined,
        { optional: (rest) => rest.endsWith('.optional') },
      ),
    ],
    { nodeOf: (ip) => (ip === '127.0.0.1' ? 'cn01' : undefined) },
  )
  const answer = await ask(rig.port, '//boot//ipxe/cn01?m=1')
  t.is(answer.body.toString(), '127.0.0.1 1')
  t.is(answer.headers['content-type'], 'text/x-ipxe')
  t.is(answer.headers['cache-control'], 'no-store')
  t.is((await ask(rig.port, '/boot/x.optional')).status, 200)
  t.is((await ask(rig.port, '/boot/x')).status, 404)
  t.is((await ask(rig.port, '/bootx')).status, 404)
  await until(() => rig.events.length >= 3)
  t.like(rig.events, [
    { service: 'http', event: 'get', node: 'cn01', object: '/boot/ipxe/cn01', ok: true, bytes: 11 },
    { object: '/boot/x.optional', ok: true, detail: 'optional file, answered empty' },
    { object: '/boot/x', ok: false, detail: '404 no file /boot/x for 127.0.0.1' },
  ])
})

test('a route that throws is a 500, logged and counted; the server goes on', async (t) => {
  const rig = await openRig(t, [HELLO, broken])
  t.is((await ask(rig.port, '/broken')).status, 500)
  t.is(rig.counters.failed, 1)
  t.is(rig.warnings.length, 1)
  t.is((await ask(rig.port, '/hello')).status, 200)
})

test('a header that comes too slowly is answered 408 and closed', async (t) => {
  const limits = { headersTimeoutMs: 100, requestTimeoutMs: 200, timeoutCheckMs: 20 }
  const { port } = await openRig(t, [HELLO], { limits })
  t.regex((await askBytes(port, ['GET /hello HTTP/1.1\r\nHo'], false)).toString(), /^HTTP\/1\.1 408 /)
})

test('a client that stops reading is closed after the idle time-out, and holds no copy of the body', async (t) => {
  const body = 'x'.repeat(30_000_000)
  const route = textRoute('/large', () => body)
  const rig = await openRig(t, [route], { limits: { idleTimeoutMs: 200 } })
  const socket = connect(rig.port, '127.0.0.1', () => socket.write('GET /large HTTP/1.1\r\nHost: x\r\n\r\n'))
  socket.on('error', () => {})
  socket.pause()
  await until(() => rig.counters.active === 1)
  await until(() => rig.counters.active === 0)
  t.is(rig.counters.aborted, 1)
  socket.destroy()
})

test('connections above the bound are turned away and counted', async (t) => {
  const rig = await openRig(t, [HELLO], { limits: { connections: 2 } })
  const held = [connect(rig.port, '127.0.0.1'), connect(rig.port, '127.0.0.1')]
  await Promise.all(held.map((socket) => new Promise((resolve) => socket.on('connect', resolve))))
  t.is((await askBytes(rig.port, [GET])).length, 0)
  t.is(rig.counters.dropped, 1)
  for (const socket of held) socket.destroy()
  let bytes: Buffer = Buffer.alloc(0)
  for (let turn = 0; turn < 500 && bytes.length === 0; turn += 1) {
    await pause(10)
    bytes = await askBytes(rig.port, [GET])
  }
  t.regex(bytes.toString(), /^HTTP\/1\.1 200 /)
})

test('close: no new connections, an answer under way ends, idle connections go', async (t) => {
  let release = (): void => {}
  const slow: HttpRoute = {
    name: 'slow',
    events: 'count',
    matches: (path) => path === '/slow',
    async handle(request, response) {
      await new Promise<void>((resolve) => {
        release = resolve
      })
      answerText(request, response, 200, 'done')
    },
  }
  const stop = new AbortController()
  const rig = await openRig(t, [slow], { signal: stop.signal, limits: { closeGraceMs: 5000 } })
  const idle = connect(rig.port, '127.0.0.1')
  const idleClosed = new Promise((resolve) => idle.on('close', resolve))
  const answer = ask(rig.port, '/slow')
  await until(() => rig.counters.active === 1)
  stop.abort()
  release()
  t.is((await answer).body.toString(), 'done')
  await rig.close()
  idle.resume()
  await idleClosed
  await t.throwsAsync(ask(rig.port, '/slow'), { code: 'ECONNREFUSED' })
})

test('an address that cannot be bound: the error says so, and nothing stays open', async (t) => {
  const rig = await openRig(t, [HELLO])
  // No other test is there: a free port of one address may be somebody's on another.
  const first = '127.77.0.2'
  await t.throwsAsync(openRig(t, [HELLO], { addresses: [first, '127.0.0.1'], port: rig.port }), {
    code: 'EADDRINUSE',
  })
  await t.throwsAsync(
    new Promise((resolve, reject) => connect(rig.port, first).on('connect', resolve).on('error', reject)),
    { code: 'ECONNREFUSED' },
  )
})

test('the sweep runs while the server is open, and not after', async (t) => {
  let sweeps = 0
  const sweep = (): void => {
    sweeps += 1
  }
  const rig = await openRig(t, [HELLO], { sweep, limits: { sweepMs: 5 } })
  await until(() => sweeps > 1)
  await rig.close()
  const atClose = sweeps
  await pause(30)
  t.true(atClose > 1)
  t.is(sweeps, atClose)
})

test('several addresses share one port', async (t) => {
  const rig = await openRig(t, [textRoute('/', ({ clientIp }) => clientIp)], { addresses: ['127.0.0.1', '127.0.0.3'] })
  const socketed = await new Promise<string>((resolve) => {
    const socket = connect({ port: rig.port, host: '127.0.0.3', localAddress: '127.0.0.9' }, () =>
      socket.write('GET / HTTP/1.0\r\n\r\n'),
    )
    let text = ''
    socket.on('data', (data: Buffer) => {
      text += data.toString()
    })
    socket.on('close', () => resolve(text))
  })
  t.true(socketed.endsWith('127.0.0.9'))
})

test('IPv4 clients of an IPv6 socket have their IPv4 address', async (t) => {
  const rig = await openRig(t, [textRoute('/', ({ clientIp }) => clientIp)], { addresses: ['::'] })
  t.is((await ask(rig.port, '/')).body.toString(), '127.0.0.1')
})

test('property: a request split anywhere is the same request', async (t) => {
  const { port } = await openRig(t, [HELLO])
  const bytes = Buffer.from('GET //he%6clo?a=b HTTP/1.1\r\nHost: x\r\nX-Long: value\r\nConnection: close\r\n\r\n')
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.nat(bytes.length), { maxLength: 8 }), async (cuts) => {
      const ends = [...cuts.toSorted((a, b) => a - b), bytes.length]
      const pieces = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end))
      const answer = (await askBytes(port, pieces, false)).toString()
      t.true(answer.startsWith('HTTP/1.1 200 OK\r\n') && answer.endsWith('hello\n'))
    }),
    { numRuns: 50 },
  )
})

test('property: random bytes never stop the server', async (t) => {
  const rig = await openRig(t, [HELLO, renderedRoute('/boot', (rest) => ({ text: rest }))], {
    limits: { requestTimeoutMs: 1000, headersTimeoutMs: 500, timeoutCheckMs: 100 },
  })
  const line = fc.constantFrom(
    'GET ',
    '/hello',
    ' HTTP/1.1',
    ' HTTP/1.0',
    '\r\n',
    'Host: x',
    'Range: bytes=',
    '%',
    '\0',
    'Content-Length: 5',
    'Transfer-Encoding: chunked',
    '\r\n\r\n',
    '/boot/',
    '..',
  )
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.array(line, { maxLength: 20 }).map((parts) => Buffer.from(parts.join(''))),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(noise, { maxLength: 4 }), async (pieces) => {
      await askBytes(rig.port, pieces)
    }),
    { numRuns: 150 },
  )
  t.is((await ask(rig.port, '/hello')).status, 200)
  t.is(rig.counters.failed, 0)
  await until(() => rig.counters.active === 0)
  t.is(rig.counters.active, 0)
})
