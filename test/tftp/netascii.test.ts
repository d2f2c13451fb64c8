import test from 'ava'
import fc from 'fast-check'
import { NetasciiDecoder, NetasciiEncoder, netasciiSizeBytes } from '../../src/tftp/netascii.ts'
import { MemorySource, NetasciiSource } from '../../src/tftp/sources.ts'

/** Bytes in which CR, LF and NUL are common. */
const text = fc
  .array(fc.oneof(fc.constantFrom(10, 13, 0), fc.integer({ min: 0, max: 255 })), { maxLength: 300 })
  .map((bytes) => Buffer.from(bytes))

function encodeWhole(bytes: Buffer): Buffer {
  const target = Buffer.alloc(bytes.length * 2)
  const { at } = new NetasciiEncoder().encode(bytes, 0, target, 0, target.length)
  return target.subarray(0, at)
}

test('RFC 764: LF becomes CR LF, CR becomes CR NUL', (t) => {
  t.is(encodeWhole(Buffer.from('a\nb\rc\r\n')).toString('latin1'), 'a\r\nb\r\0c\r\0\r\n')
})

test('decoding undoes encoding, wherever the stream is cut', (t) => {
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 40 }), (bytes, piece) => {
      const wire = encodeWhole(bytes)
      t.is(wire.length, netasciiSizeBytes(bytes))
      const decoder = new NetasciiDecoder()
      const parts: Buffer[] = []
      for (let at = 0; at < wire.length; at += piece) parts.push(decoder.decode(wire.subarray(at, at + piece)))
      t.deepEqual(Buffer.concat([...parts, decoder.end()]), bytes)
    }),
  )
})

test('a source gives the same wire bytes for every block size, also with a pair across a block boundary', (t) => {
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 30 }), (bytes, blockSize) => {
      const source = new NetasciiSource(new MemorySource(bytes), bytes)
      const block = Buffer.alloc(blockSize)
      const parts: Buffer[] = []
      for (let taken = blockSize; taken === blockSize; ) {
        taken = source.pull(block, 0, blockSize)
        parts.push(Buffer.from(block.subarray(0, taken)))
      }
      t.deepEqual(Buffer.concat(parts), encodeWhole(bytes))
      t.is(source.sizeBytes, encodeWhole(bytes).length)
    }),
  )
})

test('a lone CR at the very end of the wire is kept', (t) => {
  const decoder = new NetasciiDecoder()
  t.is(Buffer.concat([decoder.decode(Buffer.from('ab\r')), decoder.end()]).toString(), 'ab\r')
  t.is(decoder.end().length, 0)
})
