import {
  chmodSync,
  linkSync,
  mkdirSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { blobRoute, fileRoute } from '../../src/http/file-routes.ts'
import { type FileServer, openFileServer } from '../../src/http/files.ts'
import { ask, later, newDirectory, openRig, patternBytes, type Rig, until } from './rig.ts'

interface Bench {
  readonly rig: Rig
  readonly files: FileServer
  /** Writes a file below the root. */
  put(name: string, content: Buffer | string): string
}

interface BenchOptions {
  readonly hotBytes?: number
  readonly hotAtOnceBytes?: number
  readonly now?: () => number
}

async function openBench(t: ExecutionContext, options: BenchOptions = {}): Promise<Bench> {
  const directory = newDirectory()
  chmodSync(directory.path, 0o755)
  const root = join(directory.path, 'root')
  mkdirSync(root)
  const files = openFileServer({ now: later, ...options })
  const rig = await openRig(t, [
    blobRoute(files, '/blob', (rest) => (rest === '/none' ? undefined : join(root, rest))),
    fileRoute(files, '/plain', root),
    fileRoute(files, '/', root, { listing: true, deny: (path) => path.startsWith('/secret') }),
  ])
  t.teardown(() => directory.remove())
  return {
    rig,
    files,
    put(name, content) {
      const path = join(root, name)
      mkdirSync(join(path, '..'), { recursive: true })
      writeFileSync(path, content)
      return path
    },
  }
}

const COLD = { hotBytes: 0 }
const SIZE = 3_000_000

for (const [title, options] of [
  ['from disk', COLD],
  ['from memory', { hotAtOnceBytes: SIZE }],
] as const) {
  test(`RFC 9110 §8.6, §14.3, §8.8: ${title}: whole file with Content-Length, Accept-Ranges, ETag, Last-Modified`, async (t) => {
    const bench = await openBench(t, options)
    const content = patternBytes(SIZE)
    bench.put('kernel', content)
    for (let round = 0; round < 3; round += 1) {
      const answer = await ask(bench.rig.port, '/kernel')
      t.is(answer.status, 200)
      t.is(answer.headers['content-length'], String(SIZE))
      t.is(answer.headers['accept-ranges'], 'bytes')
      t.regex(answer.headers.etag ?? '', /^"[^"]+"$/)
      t.truthy(Date.parse(answer.headers['last-modified'] ?? ''))
      t.is(answer.headers['transfer-encoding'], undefined)
      t.is(answer.headers['content-encoding'], undefined)
      t.true(answer.body.equals(content))
    }
    t.is(bench.files.hot.counters.files, options === COLD ? 0 : 1)
  })

  test(`RFC 9110 §15.3.7: ${title}: 206 with Content-Range and exactly the bytes asked for`, async (t) => {
    const bench = await openBench(t, options)
    const content = patternBytes(SIZE)
    bench.put('kernel', content)
    const ranges = [
      ['bytes=0-', 0, SIZE],
      ['bytes=1-1', 1, 2],
      ['bytes=1048575-1048577', 1_048_575, 1_048_578],
      ['bytes=2999999-', SIZE - 1, SIZE],
      ['bytes=-70000', SIZE - 70_000, SIZE],
      ['bytes=12345-2345678', 12_345, 2_345_679],
    ] as const
    for (const [range, start, end] of ranges) {
      const answer = await ask(bench.rig.port, '/kernel', { headers: { Range: range } })
      t.is(answer.status, 206, range)
      t.is(answer.headers['content-range'], `bytes ${start}-${end - 1}/${SIZE}`)
      t.is(answer.headers['content-length'], String(end - start))
      t.true(answer.body.equals(content.subarray(start, end)), range)
    }
  })
}

test('RFC 9110 §15.5.17: 416 tells the size', async (t) => {
  const bench = await openBench(t)
  bench.put('kernel', 'abc')
  const answer = await ask(bench.rig.port, '/kernel', { headers: { Range: 'bytes=3-' } })
  t.is(answer.status, 416)
  t.is(answer.headers['content-range'], 'bytes */3')
})

test('RFC 9110 §9.3.2: HEAD has the header of GET and no body', async (t) => {
  const bench = await openBench(t)
  bench.put('snponly.efi', 'abc')
  const head = await ask(bench.rig.port, '/snponly.efi', { method: 'HEAD' })
  const get = await ask(bench.rig.port, '/snponly.efi')
  t.is(head.body.length, 0)
  for (const name of ['content-length', 'content-type', 'etag', 'last-modified'] as const)
    t.is(head.headers[name], get.headers[name])
  t.is(get.headers['content-type'], 'application/efi')
})

test('RFC 9110 §15.4.5: 304 has the validators, no body and no Content-Length', async (t) => {
  const bench = await openBench(t)
  bench.put('kernel', 'abc')
  const { headers } = await ask(bench.rig.port, '/kernel')
  const answer = await ask(bench.rig.port, '/kernel', { headers: { 'If-None-Match': headers.etag ?? '' } })
  t.is(answer.status, 304)
  t.is(answer.headers.etag, headers.etag)
  t.is(answer.headers['content-length'], undefined)
  t.is(
    (await ask(bench.rig.port, '/kernel', { headers: { 'If-Modified-Since': headers['last-modified'] ?? '' } })).status,
    304,
  )
})

test('RFC 9110 §15.5.6: other methods are answered 405 with Allow', async (t) => {
  const bench = await openBench(t)
  bench.put('kernel', 'abc')
  const answer = await ask(bench.rig.port, '/kernel', { method: 'DELETE' })
  t.is(answer.status, 405)
  t.is(answer.headers.allow, 'GET, HEAD')
})

test('an empty file is an empty 200', async (t) => {
  const bench = await openBench(t)
  bench.put('empty', '')
  const answer = await ask(bench.rig.port, '/empty')
  t.deepEqual([answer.status, answer.headers['content-length'], answer.body.length], [200, '0', 0])
})

test('missing files, directories and what is no file', async (t) => {
  const bench = await openBench(t)
  bench.put('dir/file', 'x')
  const { port } = bench.rig
  t.is((await ask(port, '/none')).status, 404)
  t.is((await ask(port, '/dir/file/below')).status, 404)
  t.is((await ask(port, '/plain/dir')).status, 404)
  t.is((await ask(port, '/plain/dir/')).status, 404)
  t.is((await ask(port, '/blob/none')).status, 404)
  t.is((await ask(port, `/${'x'.repeat(300)}`)).status, 404)
})

test('a replaced file is served new, with another ETag; a transfer under way keeps the old content', async (t) => {
  const bench = await openBench(t, { hotAtOnceBytes: 64_000_000 })
  const [old, fresh] = [patternBytes(16_000_000, 1), patternBytes(16_000_000, 2)]
  const path = bench.put('initrd', old)
  const before = await ask(bench.rig.port, '/initrd')
  const slow = openSlow(bench.rig.port, '/initrd')
  await slow.received(1000)
  renameSync(bench.put('initrd.new', fresh), path)
  const after = await ask(bench.rig.port, '/initrd')
  t.true(before.body.equals(old))
  t.true(after.body.equals(fresh))
  t.not(after.headers.etag, before.headers.etag)
  t.true((await slow.rest()).equals(old))
})

test('a replaced file and a transfer from disk: the open file is sent to its end', async (t) => {
  const bench = await openBench(t, COLD)
  const old = patternBytes(16_000_000, 1)
  const path = bench.put('initrd', old)
  const slow = openSlow(bench.rig.port, '/initrd')
  await slow.received(1000)
  renameSync(bench.put('initrd.new', 'new'), path)
  t.is((await ask(bench.rig.port, '/initrd')).body.toString(), 'new')
  t.true((await slow.rest()).equals(old))
})

test('a file edited in place under a transfer from disk: the transfer is cut, never whole', async (t) => {
  const bench = await openBench(t, COLD)
  const path = bench.put('initrd', patternBytes(16_000_000, 1))
  const slow = openSlow(bench.rig.port, '/initrd')
  await slow.received(1000)
  writeFileSync(path, patternBytes(16_000_000, 2))
  t.true((await slow.rest()).length < 16_000_000)
})

test('a file cut short under a transfer from disk: the transfer is cut', async (t) => {
  const bench = await openBench(t, COLD)
  const path = bench.put('initrd', patternBytes(16_000_000, 1))
  const slow = openSlow(bench.rig.port, '/initrd')
  await slow.received(1000)
  truncateSync(path, 5)
  t.true((await slow.rest()).length < 16_000_000)
})

test('an edit in place that puts the times back shows all the same', async (t) => {
  const bench = await openBench(t)
  const path = bench.put('conf', 'old')
  utimesSync(path, 1000, 1000)
  t.is((await ask(bench.rig.port, '/conf')).body.toString(), 'old')
  t.is(bench.files.hot.counters.files, 1)
  writeFileSync(path, 'new')
  utimesSync(path, 1000, 1000)
  t.is((await ask(bench.rig.port, '/conf')).body.toString(), 'new')
})

test('a file that changed just now is not kept in memory, two seconds later it is', async (t) => {
  let nowMs = 0
  const bench = await openBench(t, { now: () => nowMs })
  const changedMs = statSync(bench.put('conf', 'old')).ctimeMs
  nowMs = changedMs + 1900
  await ask(bench.rig.port, '/conf')
  t.is(bench.files.hot.counters.files, 0)
  nowMs = changedMs + 2100
  await ask(bench.rig.port, '/conf')
  t.is(bench.files.hot.counters.files, 1)
})

test('many first requests share one read, and all get the file', async (t) => {
  const bench = await openBench(t, { hotAtOnceBytes: 64_000_000 })
  const content = patternBytes(20_000_000)
  bench.put('initrd', content)
  const answers = await Promise.all(Array.from({ length: 8 }, () => ask(bench.rig.port, '/initrd')))
  for (const answer of answers) t.true(answer.body.equals(content))
  t.is(bench.files.hot.counters.loads, 1)
})

test('a large file is kept from its second request on', async (t) => {
  const bench = await openBench(t, { hotAtOnceBytes: 1000 })
  bench.put('kernel', patternBytes(100_000))
  await ask(bench.rig.port, '/kernel')
  t.is(bench.files.hot.counters.files, 0)
  await ask(bench.rig.port, '/kernel')
  t.is(bench.files.hot.counters.files, 1)
})

test('memory stays in its bound: the longest unused goes, what is being sent stays and counts', async (t) => {
  const bench = await openBench(t, { hotBytes: 60_000_000, hotAtOnceBytes: 64_000_000 })
  const big = patternBytes(30_000_000, 1)
  bench.put('big', big)
  bench.put('a', patternBytes(20_000_000, 2))
  bench.put('b', patternBytes(20_000_000, 3))
  const slow = openSlow(bench.rig.port, '/big')
  await slow.received(1000)
  const { counters } = bench.files.hot
  await ask(bench.rig.port, '/a')
  t.is(counters.bytes, 50_000_000)
  await ask(bench.rig.port, '/b')
  // `a` was the only one that could go.
  t.is(counters.bytes, 50_000_000)
  renameSync(bench.put('big.new', patternBytes(30_000_000, 4)), join(bench.put('x', ''), '../big'))
  await ask(bench.rig.port, '/big')
  t.true(counters.bytes <= 60_000_000)
  t.true((await slow.rest()).equals(big))
  await until(() => counters.bytes <= 30_000_000)
  // The replaced buffer was let go with its last transfer.
  t.true(counters.bytes <= 30_000_000)
})

test('hot files nobody asked for in half an hour are let go', async (t) => {
  let nowMs = later()
  const bench = await openBench(t, { now: () => nowMs })
  bench.put('conf', 'abc')
  await ask(bench.rig.port, '/conf')
  const { hot } = bench.files
  nowMs += 29 * 60_000
  hot.sweep()
  t.is(hot.counters.bytes, 3)
  nowMs += 2 * 60_000
  hot.sweep()
  t.deepEqual([hot.counters.files, hot.counters.bytes], [0, 0])
  t.is((await ask(bench.rig.port, '/conf')).body.toString(), 'abc')
})

test('symlinks are followed inside the tree and never out of it', async (t) => {
  const bench = await openBench(t)
  const inside = bench.put('real/file', 'inside')
  const root = join(inside, '../..')
  writeFileSync(join(root, '../outside'), 'outside')
  symlinkSync('real/file', join(root, 'link'))
  symlinkSync('../outside', join(root, 'out'))
  symlinkSync('..', join(root, 'up'))
  symlinkSync('/etc', join(root, 'etc'))
  symlinkSync('loop', join(root, 'loop'))
  const { port } = bench.rig
  for (let round = 0; round < 2; round += 1) {
    t.is((await ask(port, '/link')).body.toString(), 'inside')
    t.is((await ask(port, '/out')).status, 403)
    t.is((await ask(port, '/up/outside')).status, 403)
    t.is((await ask(port, '/etc/passwd')).status, 403)
    t.is((await ask(port, '/etc/')).status, 403)
    t.is((await ask(port, '/loop')).status, 404)
  }
  const listing = (await ask(port, '/')).body.toString()
  t.true(listing.includes('href="link"'))
  for (const name of ['out', 'up', 'etc', 'loop']) t.false(listing.includes(`href="${name}`), name)
})

test('a file kept in memory by one route is not given away by another that must refuse it', async (t) => {
  const bench = await openBench(t)
  const secret = bench.put('secret/key', 'key')
  linkSync(secret, join(secret, '../../hard'))
  symlinkSync('secret/key', join(secret, '../../soft'))
  const { port } = bench.rig
  t.is((await ask(port, '/blob/soft')).status, 200)
  t.is(bench.files.hot.counters.files, 1)
  t.is((await ask(port, '/secret/key')).status, 403)
  t.is((await ask(port, '/soft')).status, 403)
  t.is((await ask(port, '/plain/soft')).status, 200)
  t.is((await ask(port, '/soft')).status, 403)
})

test('what others may not read is not served from a tree, also when only a directory above says so', async (t) => {
  const bench = await openBench(t)
  chmodSync(bench.put('rootimg/etc/shadow', 'root:x'), 0o640)
  chmodSync(join(bench.put('keys/id', 'x'), '..'), 0o700)
  const { port } = bench.rig
  t.is((await ask(port, '/rootimg/etc/shadow')).status, 403)
  t.is((await ask(port, '/keys/id')).status, 403)
  t.is((await ask(port, '/blob/rootimg/etc/shadow')).status, 200)
})

test('listings: redirect to the slash, sorted, escaped, directories marked, hidden names left out', async (t) => {
  const bench = await openBench(t)
  for (const name of ['d/b', 'd/a b&c<d>', 'd/sub/x', 'd/.hidden', 'd/q?#%', 'd/x:y', 'd/secret']) bench.put(name, name)
  const { port } = bench.rig
  const redirect = await ask(port, '/d')
  t.is(redirect.status, 301)
  t.is(redirect.headers.location, '/d/')
  const html = (await ask(port, '/d/')).body.toString()
  const links = [...html.matchAll(/href="([^"]*)"/g)].map((match) => match[1] ?? '')
  t.deepEqual(links, ['a%20b%26c%3Cd%3E', 'b', 'q%3F%23%25', 'secret', 'sub/', './x%3Ay'])
  t.false(/<d>/.test(html))
  for (const link of links) t.is((await ask(port, `/d/${link.replace('./', '')}`)).status, 200, link)
})

test('events: blobs one per GET, trees none', async (t) => {
  const bench = await openBench(t)
  bench.put('kernel', 'abc')
  await ask(bench.rig.port, '/kernel')
  await ask(bench.rig.port, '/blob/kernel', { method: 'HEAD' })
  await ask(bench.rig.port, '/blob/kernel')
  await ask(bench.rig.port, '/blob/missing')
  await until(() => bench.rig.events.length > 1)
  t.like(bench.rig.events, [
    { service: 'http', event: 'get', ip: '127.0.0.1', object: '/blob/kernel', ok: true, bytes: 3 },
    { object: '/blob/missing', ok: false, detail: '404 no file /blob/missing' },
  ])
  t.is(bench.rig.events.length, 2)
  t.is(bench.rig.counters.requests, 4)
})

test('a client that closes midway is counted and told, and harms nobody', async (t) => {
  const bench = await openBench(t, { hotAtOnceBytes: 64_000_000 })
  bench.put('initrd', patternBytes(16_000_000))
  const slow = openSlow(bench.rig.port, '/blob/initrd')
  await slow.received(1000)
  slow.socket.destroy()
  await until(() => bench.rig.events.length > 0)
  t.is(bench.rig.events.length, 1)
  t.like(bench.rig.events[0], { event: 'get', ok: false })
  t.regex(bench.rig.events[0]?.detail ?? '', /^client closed after \d+ bytes$/)
  t.true((bench.rig.events[0]?.bytes ?? 0) < 16_000_000)
  t.is(bench.rig.counters.aborted, 1)
  t.is(bench.rig.counters.active, 0)
  t.is((await ask(bench.rig.port, '/blob/initrd')).body.length, 16_000_000)
})

interface Slow {
  readonly socket: Socket
  /** Waits for some bytes, then stops reading. */
  received(bytes: number): Promise<void>
  /** Reads on to the end; the body. */
  rest(): Promise<Buffer>
}

function openSlow(port: number, path: string): Slow {
  const pieces: Buffer[] = []
  let length = 0
  const socket = connect(port, '127.0.0.1', () =>
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`),
  )
  socket.on('error', () => {})
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  return {
    socket,
    received(bytes) {
      return new Promise((resolve) => {
        socket.on('data', (piece: Buffer) => {
          pieces.push(piece)
          length += piece.length
          if (length < bytes) return
          socket.pause()
          socket.removeAllListeners('data')
          resolve()
        })
      })
    },
    async rest() {
      socket.on('data', (piece: Buffer) => pieces.push(piece))
      socket.resume()
      await closed
      const all = Buffer.concat(pieces)
      return all.subarray(all.indexOf('\r\n\r\n') + 4)
    },
  }
}
