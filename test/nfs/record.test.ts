import test from 'ava'
import fc from 'fast-check'
import { RecordReader } from '../../src/nfs/record.ts'

function fragment(bytes: Uint8Array, isLast: boolean): Buffer {
  const mark = Buffer.alloc(4)
  mark.writeUInt32BE((isLast ? 0x80000000 : 0) + bytes.length)
  return Buffer.concat([mark, bytes])
}

function drain(reader: RecordReader): string[] {
  const records: string[] = []
  for (let r = reader.next(); r !== undefined; r = reader.next()) {
    if ('fault' in r) throw new Error(r.fault)
    records.push(r.toString('hex'))
  }
  return records
}

const stream = Buffer.concat([
  fragment(Buffer.from('one record'), true),
  fragment(Buffer.from('in '), false),
  fragment(Buffer.alloc(0), false),
  fragment(Buffer.from('three '), false),
  fragment(Buffer.from('parts'), true),
  fragment(Buffer.alloc(0), true),
  fragment(Buffer.from('last'), true),
])
const expected = ['one record', 'in three parts', '', 'last'].map((text) => Buffer.from(text).toString('hex'))

test('RFC 5531 §11: a record may come in fragments; the stream may be cut at every byte', (t) => {
  for (let cut = 0; cut <= stream.length; cut++) {
    const reader = new RecordReader()
    const records: string[] = []
    for (const part of [stream.subarray(0, cut), stream.subarray(cut)]) {
      reader.push(part)
      records.push(...drain(reader))
    }
    t.deepEqual(records, expected, `cut at ${cut}`)
  }
})

test('any records in any fragments in any chunks come out as they were', (t) => {
  const record = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(fc.array(record, { maxLength: 6 }), fc.array(fc.integer({ min: 1, max: 30 })), (records, sizes) => {
      const bytes = Buffer.concat(
        records.flatMap((parts) => parts.map((part, i) => fragment(part, i === parts.length - 1))),
      )
      const reader = new RecordReader()
      const seen: string[] = []
      let at = 0
      for (const size of [...sizes, bytes.length]) {
        reader.push(bytes.subarray(at, at + size))
        at = Math.min(bytes.length, at + size)
        // Pushed twice before it is asked: chunks may wait.
        if (size % 2 === 0) seen.push(...drain(reader))
      }
      seen.push(...drain(reader))
      t.deepEqual(
        seen,
        records.map((parts) => Buffer.concat(parts).toString('hex')),
      )
    }),
  )
})

test('a record that announces more than the limit is a fault, also when it comes in small fragments', (t) => {
  const reader = new RecordReader(100)
  reader.push(Buffer.from([0x80, 0, 0, 101]))
  t.deepEqual(reader.next(), { fault: 'record-too-long', offset: 4 })
  const other = new RecordReader(100)
  for (let i = 0; i < 3; i++) other.push(fragment(Buffer.alloc(40), false))
  t.deepEqual(other.next(), { fault: 'record-too-long', offset: 92 })
})
