import test from 'ava'
import fc from 'fast-check'
import { encodeHandle, HANDLE_BYTES, isAuthentic, isSameHandle, parseHandle } from '../../src/nfs/handles.ts'
import { openStage } from './stage.ts'

const key = Buffer.alloc(32, 1)
const word = fc.nat(0xffffffff)
const fields = fc.record({
  exportId: word,
  device: word,
  inoHigh: word,
  inoLow: word,
  birthNs: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
})

test('a handle says what was put in and is authentic under its own key only', (t) => {
  fc.assert(
    fc.property(fields, (value) => {
      const handle = encodeHandle(key, value)
      t.true(handle.length <= 64)
      t.deepEqual(parseHandle(handle), value)
      t.true(isAuthentic(key, handle))
      t.false(isAuthentic(Buffer.alloc(32, 2), handle))
      t.true(isSameHandle(handle, encodeHandle(key, value)))
    }),
  )
})

test('a handle with any bit changed is not authentic', (t) => {
  const handle = encodeHandle(key, { exportId: 1, device: 0, inoHigh: 0, inoLow: 12, birthNs: 5n })
  for (let bit = 0; bit < HANDLE_BYTES * 8; bit++) {
    const forged = Buffer.from(handle)
    forged[bit >> 3]! ^= 1 << (bit & 7)
    t.false(parseHandle(forged) !== undefined && isAuthentic(key, forged), `bit ${bit}`)
  }
})

test('RFC 1813 §2.6: the server refuses handles that it did not make, with NFS3ERR_BADHANDLE', async (t) => {
  const { client, server } = await openStage(t)
  const { handle } = await client.mount('/image')
  t.is((await client.getattr(handle)).status, 0)
  for (const at of [0, 20, 27, 28, 43]) {
    const forged = Buffer.from(handle)
    forged[at]! ^= 1
    t.is((await client.getattr(forged)).status, 10001, `byte ${at}`)
  }
  for (const length of [0, 4, 43, 45, 64]) t.is((await client.getattr(Buffer.alloc(length))).status, 10001)
  t.is(server.counters.handlesRefused, 10)
})
