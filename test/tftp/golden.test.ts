/** What clients of the first capture are granted; test/golden has what lies behind the names, and later ones. */
import test from 'ava'
import { decideOptions } from '../../src/tftp/options.ts'
import { parsePacket } from '../../src/tftp/packet.ts'
import { goldenTftp } from '../golden/requests.ts'

test('what each captured client is granted for a file of 1 MB', (t) => {
  const granted = goldenTftp
    .filter((request) => request.case === 'earlier')
    .map(({ payload }) => {
      const packet = parsePacket(Buffer.from(payload, 'hex'))
      return 'options' in packet && decideOptions(packet.options, 'read', 1_000_000).accepted.flat().join(' ')
    })
  t.deepEqual(granted, [
    'tsize 1000000 blksize 1468 windowsize 4',
    'blksize 1468 windowsize 4',
    'blksize 1024 tsize 1000000',
    'blksize 1428',
    'blksize 1024 tsize 1000000',
    'blksize 512 windowsize 4',
    'blksize 512 windowsize 4',
    'blksize 1024 tsize 1000000',
    'blksize 1432 tsize 1000000',
    'tsize 1000000 blksize 1408',
  ])
})
