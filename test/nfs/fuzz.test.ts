/** Nothing that a client can send makes the server throw, stop or write outside its exports. */
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { portmapProgram } from '../../src/nfs/portmap.ts'
import { answerRecord, type RpcProgram } from '../../src/nfs/program.ts'
import { XdrWriter } from '../../src/nfs/xdr.ts'
import { args, callRecord, MOUNT, NFS, root } from './client.ts'
import { openStage } from './stage.ts'

const bytes = fc.uint8Array({ maxLength: 160 })
/** Words that decoders care about: small counts, lengths, types, extremes. */
const word = fc.oneof(fc.nat(8), fc.constantFrom(0, 1, 44, 64, 255, 256, 0x7fffffff, 0x80000000, 0xffffffff))
const words = fc.array(word, { maxLength: 30 }).map((list) => args((out) => list.forEach((w) => void out.u32(w))))

test('random records are answered or dropped, never thrown at', (t) => {
  const programs = new Map<number, RpcProgram>([[100000, portmapProgram([], '127.0.0.1')]])
  const check = (record: Uint8Array) => {
    answerRecord(programs, Buffer.from(record), '127.0.0.1', new XdrWriter(Buffer.alloc(64)))
  }
  fc.assert(fc.property(bytes, check))
  fc.assert(fc.property(words, check))
  fc.assert(
    fc.property(fc.nat(14), fc.constantFrom(2, 3, 4), words, (procedure, version, body) =>
      check(callRecord(1, 100000, version, procedure, body, root)),
    ),
  )
  t.pass()
})

test('random arguments for every procedure: an answer every time, no fault of ours, nothing outside touched', async (t) => {
  const { client, server, state, base, events } = await openStage(t)
  mkdirSync(join(state, 'd'))
  writeFileSync(join(state, 'f'), 'content')
  symlinkSync('..', join(state, 'l'))
  const { handle } = await client.mount('/state')
  const handles = [handle, ...(await Promise.all(['d', 'f', 'l'].map((name) => client.walk(handle, name))))]
  const outside = readdirSync(base).sort()
  const name = fc.constantFrom('', '.', '..', 'f', 'd', 'l', 'l/x', '../x', 'new', '\0', 'ä', 'x'.repeat(300))
  const tail = fc.oneof(
    bytes.map((b) => Buffer.from(b)),
    words,
  )
  const call = fc.record({
    procedure: fc.nat(21),
    first: fc.constantFrom(...handles),
    name,
    second: fc.constantFrom(...handles),
    tail,
    shape: fc.nat(4),
  })
  await fc.assert(
    fc.asyncProperty(call, async ({ procedure, first, name, second, tail, shape }) => {
      const body = args((out) => {
        if (shape > 0) out.opaque(first)
        if (shape > 1) out.text(Buffer.from(name).toString('latin1'))
        if (shape > 2) out.opaque(second)
        if (shape > 3) out.text(Buffer.from(name).toString('latin1'))
        out.fixed(tail)
      })
      const reply = await client.exchange(NFS, 3, procedure, body)
      t.true(reply.length >= 24 && reply.length % 4 === 0)
    }),
    { numRuns: 3000 },
  )
  await fc.assert(
    fc.asyncProperty(fc.nat(6), fc.constantFrom(1, 2, 3), tail, async (procedure, version, body) => {
      t.true((await client.exchange(MOUNT, version, procedure, body)).length >= 24)
    }),
    { numRuns: 500 },
  )
  t.is(server.counters.internalFaults, 0, events.find((event) => event.event === 'fault')?.detail ?? '')
  t.deepEqual(readdirSync(base).sort(), outside)
})

test('random bytes on a connection end at most that connection', async (t) => {
  const { client, server } = await openStage(t)
  const { NfsClient } = await import('./client.ts')
  await fc.assert(
    fc.asyncProperty(bytes, async (chunk) => {
      const other = await NfsClient.open(server.port)
      other.rawBytes(chunk)
      await new Promise((resolve) => setImmediate(resolve))
      other.close()
      t.is((await client.nfs(0, Buffer.alloc(0))).remaining, 0)
    }),
    { numRuns: 100 },
  )
})
