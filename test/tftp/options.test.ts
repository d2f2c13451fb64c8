import test from 'ava'
import fc from 'fast-check'
import { decideOptions } from '../../src/tftp/options.ts'
import type { TftpOption } from '../../src/tftp/packet.ts'

const accepted = (options: TftpOption[], sizeBytes?: number, bounds = {}) =>
  decideOptions(options, 'read', sizeBytes, bounds)
    .accepted.map((option) => option.join('='))
    .join(' ')

test('RFC 2347: unknown options are left out of the OACK, none at all when nothing is known', (t) => {
  t.is(
    accepted([
      ['multicast', ''],
      ['blksize', '1024'],
      ['x', '1'],
    ]),
    'blksize=1024',
  )
  t.is(accepted([['multicast', '']]), '')
})

test('RFC 2347: option names are read in any case and come back as they were spelled', (t) => {
  t.is(accepted([['BlkSize', '1024']]), 'BlkSize=1024')
})

test('RFC 2347: an option that stands twice counts once', (t) => {
  t.is(
    accepted([
      ['blksize', '1024'],
      ['blksize', '512'],
    ]),
    'blksize=1024',
  )
})

test('RFC 2348: block sizes from 8 octets are granted, below and nonsense are ignored', (t) => {
  t.is(accepted([['blksize', '8']]), 'blksize=8')
  for (const wrong of ['7', '0', '-1', '', '1e3', ' 512', '0x200', '512 '])
    t.is(accepted([['blksize', wrong]]), '', wrong)
  t.is(decideOptions([], 'read', 0).blockSizeBytes, 512)
})

test('RFC 2348: the answer is never more than was asked, and fits the MTU unless fragments are allowed', (t) => {
  t.is(accepted([['blksize', '65464']]), 'blksize=1468')
  t.is(accepted([['blksize', '65464']], 0, { mtuBytes: 9000 }), 'blksize=8968')
  t.is(accepted([['blksize', '65464']], 0, { allowFragments: true }), 'blksize=65464')
  t.is(accepted([['blksize', '70000']], 0, { allowFragments: true }), 'blksize=65464')
  t.is(accepted([['blksize', '1024']], 0, { mtuBytes: 9000 }), 'blksize=1024')
})

test('RFC 2349: timeout 1 to 255 seconds is granted unchanged, anything else ignored', (t) => {
  t.is(accepted([['timeout', '1']]), 'timeout=1')
  t.is(decideOptions([['timeout', '255']], 'read', 0).timeoutMs, 255_000)
  t.is(accepted([['timeout', '0']]), '')
  t.is(accepted([['timeout', '256']]), '')
})

test('RFC 2349: tsize of a read is answered with the size, and left out when it is not known or (curl) 0', (t) => {
  t.is(accepted([['tsize', '0']], 123), 'tsize=123')
  t.is(accepted([['tsize', '0']], 0), '')
  t.is(accepted([['tsize', '0']]), '')
})

test('RFC 2349: tsize of a write is echoed', (t) => {
  const { accepted: list, announcedBytes } = decideOptions([['tsize', '77']], 'write', undefined)
  t.deepEqual(list, [['tsize', '77']])
  t.is(announcedBytes, 77)
})

test('RFC 7440 §3: windowsize from 1 is granted, never more than asked, at most 64; 0 and nonsense ignored', (t) => {
  t.is(accepted([['windowsize', '1']]), 'windowsize=1')
  t.is(accepted([['windowsize', '16']]), 'windowsize=16')
  t.is(accepted([['windowsize', '65535']]), 'windowsize=64')
  t.is(accepted([['windowsize', '0']]), '')
  t.is(accepted([['windowsize', '65536']]), '')
})

test('a window of large blocks is kept within one receive buffer, whatever the order of the options', (t) => {
  const bounds = { allowFragments: true }
  t.is(
    accepted(
      [
        ['windowsize', '64'],
        ['blksize', '65464'],
      ],
      0,
      bounds,
    ),
    'windowsize=2 blksize=65464',
  )
})

test('any options at all: no answer exceeds its request', (t) => {
  const option = fc.tuple(
    fc.constantFrom('blksize', 'timeout', 'tsize', 'windowsize', 'other'),
    fc.oneof(fc.string({ maxLength: 6 }), fc.nat(100_000).map(String)),
  )
  fc.assert(
    fc.property(fc.array(option, { maxLength: 8 }), fc.nat(), (options, size) => {
      const result = decideOptions(options, 'read', size)
      t.true(result.blockSizeBytes >= 8 && result.blockSizeBytes <= 1468 && result.windowSize >= 1)
      for (const [name, value] of result.accepted) {
        const first = options.find(([asked]) => asked === name)
        t.truthy(first)
        if (name !== 'tsize') t.true(Number(value) <= Number(first?.[1]))
      }
    }),
  )
})
