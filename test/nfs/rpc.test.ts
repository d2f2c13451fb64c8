import test from 'ava'
import { XdrReader } from '../../src/nfs/xdr.ts'
import { args, callRecord, framed, MOUNT, NFS, NfsClient, root } from './client.ts'
import { openStage } from './stage.ts'

const empty = Buffer.alloc(0)

/** Words of a reply after the xid. */
function words(reply: Buffer): number[] {
  const reader = new XdrReader(reply)
  reader.u32()
  return Array.from({ length: reader.remaining / 4 }, () => reader.u32())
}

test('RFC 5531 §9: PROG_UNAVAIL, PROG_MISMATCH with the range, PROC_UNAVAIL, GARBAGE_ARGS', async (t) => {
  const { client } = await openStage(t)
  t.deepEqual(words(await client.exchange(100227, 3, 0, empty)), [1, 0, 0, 0, 1])
  t.deepEqual(words(await client.exchange(NFS, 4, 0, empty)), [1, 0, 0, 0, 2, 3, 3])
  t.deepEqual(words(await client.exchange(NFS, 2, 0, empty)), [1, 0, 0, 0, 2, 3, 3])
  t.deepEqual(words(await client.exchange(MOUNT, 4, 0, empty)), [1, 0, 0, 0, 2, 1, 3])
  t.deepEqual(words(await client.exchange(NFS, 3, 22, empty)), [1, 0, 0, 0, 3])
  t.deepEqual(words(await client.exchange(MOUNT, 3, 7, empty)), [1, 0, 0, 0, 3])
  for (let procedure = 1; procedure < 22; procedure++) {
    t.deepEqual(
      words(await client.exchange(NFS, 3, procedure, Buffer.from([0, 0, 0, 9]))),
      [1, 0, 0, 0, 4],
      `${procedure}`,
    )
  }
  t.deepEqual(words(await client.exchange(MOUNT, 3, 1, empty)), [1, 0, 0, 0, 4])
})

test('RFC 5531 §12: procedure 0 does nothing, also without credential', async (t) => {
  const { client } = await openStage(t)
  client.who = undefined
  t.deepEqual(words(await client.exchange(NFS, 3, 0, empty)), [1, 0, 0, 0, 0])
  t.deepEqual(words(await client.exchange(MOUNT, 3, 0, empty)), [1, 0, 0, 0, 0])
})

function once(client: NfsClient, record: Buffer): Promise<Buffer> {
  // The client routes by xid: send the record by hand under the xid of a call that is waited for.
  const xid = record.readUInt32BE(0)
  const reply = client.expect(xid)
  client.raw(record)
  return reply
}

test('RFC 5531 §9: another RPC version is denied with RPC_MISMATCH 2 2', async (t) => {
  const { client } = await openStage(t)
  const record = callRecord(77, NFS, 3, 0, empty, root)
  record.writeUInt32BE(3, 8)
  t.deepEqual(words(await once(client, record)), [1, 1, 0, 2, 2])
})

test('RFC 5531 §9: a credential that cannot be read is denied with AUTH_BADCRED, an unknown flavor with AUTH_TOOWEAK', async (t) => {
  const { client } = await openStage(t)
  const head = [78, 0, 2, NFS, 3, 0]
  const seventeen = args((out) => {
    for (const w of [0, 0, 0, 0, 17, ...Array(17).fill(1)]) out.u32(w)
  })
  const tooMany = args((out) => {
    for (const w of [...head, 1]) out.u32(w)
    out.opaque(seventeen)
    out.u32(0)
    out.u32(0)
  })
  t.deepEqual(words(await once(client, tooMany)), [1, 1, 1, 1])
  const gss = args((out) => {
    for (const w of [...head, 6, 0, 0, 0]) out.u32(w)
  })
  t.deepEqual(words(await once(client, gss)), [1, 1, 1, 5])
})

test('RFC 5531 §11: calls may be cut at every byte of the stream, and several may come at once', async (t) => {
  const { client } = await openStage(t)
  const record = framed(callRecord(500, NFS, 3, 0, empty, root))
  for (let cut = 1; cut < record.length; cut++) {
    const reply = client.expect(500)
    client.rawBytes(record.subarray(0, cut))
    await new Promise((resolve) => setImmediate(resolve))
    client.rawBytes(record.subarray(cut))
    t.deepEqual(words(await reply), [1, 0, 0, 0, 0])
  }
  const many = Array.from({ length: 500 }, (_, i) => framed(callRecord(1000 + i, NFS, 3, 0, empty, root)))
  const replies = many.map((_, i) => client.expect(1000 + i))
  client.rawBytes(Buffer.concat(many))
  t.is((await Promise.all(replies)).length, 500)
})

test('a record longer than any call closes the connection, and only this one', async (t) => {
  const { client, server } = await openStage(t)
  const other = await NfsClient.open(server.port)
  other.rawBytes(Buffer.from([0xff, 0xff, 0xff, 0xff]))
  while (!other.closed) await new Promise((resolve) => setTimeout(resolve, 5))
  t.is(server.counters.malformed, 1)
  t.deepEqual(words(await client.exchange(NFS, 3, 0, empty)), [1, 0, 0, 0, 0])
})

test('a slow reader does not fill the memory of the server: its calls wait', async (t) => {
  const { client, server, image } = await openStage(t)
  const { writeFileSync } = await import('node:fs')
  writeFileSync(`${image}/large`, Buffer.alloc(1 << 20, 5))
  const { handle } = await client.mount('/image')
  const file = await client.walk(handle, 'large')
  const slow = await NfsClient.open(server.port)
  slow.pause()
  const body = args((out) => {
    out.opaque(file)
    out.u64(0)
    out.u32(1 << 20)
  })
  const before = process.memoryUsage().rss
  const replies = Array.from({ length: 400 }, (_, i) => slow.expect(9000 + i))
  for (let i = 0; i < 400; i++) slow.raw(callRecord(9000 + i, NFS, 3, 6, body, root))
  await new Promise((resolve) => setTimeout(resolve, 300))
  t.true(server.counters.readBytes < 100 << 20, `${server.counters.readBytes >> 20} MiB read ahead`)
  t.true(process.memoryUsage().rss - before < 200 << 20)
  t.is((await client.getattr(file)).status, 0)
  slow.resume()
  t.is((await Promise.all(replies)).length, 400)
  t.is(server.counters.readBytes, 400 << 20)
  slow.close()
})
