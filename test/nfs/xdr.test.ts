import test from 'ava'
import fc from 'fast-check'
import { XdrReader, XdrWriter } from '../../src/nfs/xdr.ts'

const item = fc.oneof(
  fc.record({ kind: fc.constant('u32' as const), value: fc.nat(0xffffffff) }),
  fc.record({ kind: fc.constant('u64' as const), value: fc.maxSafeNat() }),
  fc.record({ kind: fc.constant('bool' as const), value: fc.boolean() }),
  fc.record({ kind: fc.constant('opaque' as const), value: fc.uint8Array({ maxLength: 70 }) }),
)

test('what is written is read back, through a buffer that must grow', (t) => {
  fc.assert(
    fc.property(fc.array(item), (items) => {
      const out = new XdrWriter(Buffer.alloc(4))
      for (const it of items) {
        if (it.kind === 'u32') out.u32(it.value)
        else if (it.kind === 'u64') out.u64(it.value)
        else if (it.kind === 'bool') out.bool(it.value)
        else out.opaque(it.value)
      }
      const reader = new XdrReader(out.bytes())
      for (const it of items) {
        if (it.kind === 'u32') t.is(reader.u32(), it.value)
        else if (it.kind === 'u64') t.is(reader.u64(), it.value)
        else if (it.kind === 'bool') t.is(reader.bool(), it.value)
        else t.deepEqual([...reader.opaque(70)], [...it.value])
      }
      t.is(reader.remaining, 0)
      t.is(reader.fault, undefined)
    }),
  )
})

test('RFC 4506 §4.10: opaque data is filled up with zero bytes to a multiple of four', (t) => {
  const out = new XdrWriter(Buffer.alloc(64, 0xff))
  out.opaque(Buffer.from('abcde'))
  out.text('x')
  t.is(out.bytes().toString('hex'), '000000056162636465000000' + '0000000178000000')
})

test('RFC 4506 §4.4: a boolean is 0 or 1', (t) => {
  const reader = new XdrReader(Buffer.from([0, 0, 0, 2]))
  t.false(reader.bool())
  t.deepEqual(reader.fault, { fault: 'bad-bool', offset: 4 })
})

test('the first fault stays, and everything after it is empty', (t) => {
  const reader = new XdrReader(Buffer.from('0000000500000001', 'hex'))
  t.is(reader.text(4), '')
  t.deepEqual(reader.fault, { fault: 'too-long', offset: 4 })
  t.is(reader.u32(), 0)
  t.is(reader.opaque(100).length, 0)
  t.deepEqual(reader.fault, { fault: 'too-long', offset: 4 })
})

test('names are bytes: every byte survives', (t) => {
  const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
  const out = new XdrWriter(Buffer.alloc(8))
  out.text(all.toString('latin1'))
  const reader = new XdrReader(out.bytes())
  t.deepEqual(Buffer.from(reader.text(256), 'latin1'), all)
})

test('random bytes never throw', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.array(fc.nat(4)), (bytes, kinds) => {
      const reader = new XdrReader(Buffer.from(bytes))
      for (const kind of kinds) {
        if (kind === 0) reader.u32()
        else if (kind === 1) reader.u64()
        else if (kind === 2) reader.text(50)
        else if (kind === 3) reader.opaque(50)
        else reader.fixed(8)
      }
      t.true(reader.position <= reader.end)
    }),
  )
})
