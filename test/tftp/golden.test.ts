import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { decideOptions } from '../../src/tftp/options.ts'
import { encodePacket, OPCODE, parsePacket } from '../../src/tftp/packet.ts'

interface Captured {
  readonly client: string
  readonly request: string
  readonly options: readonly string[]
  readonly payload: string
}

const captured = readFileSync(join(import.meta.dirname, 'golden/requests.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Captured)

test('there are captured requests', (t) => {
  t.true(captured.length >= 5)
})

captured.forEach(({ client, request, options, payload }, index) => {
  test(`request ${index + 1}: ${client} asks for ${request}`, (t) => {
    const bytes = Buffer.from(payload, 'hex')
    const packet = parsePacket(bytes)
    if ('fault' in packet) {
      t.fail(packet.fault)
      return
    }
    t.like(packet, { opcode: OPCODE.RRQ, filename: request, mode: 'octet', strayBytes: 0 })
    t.deepEqual('options' in packet && packet.options.flat(), [...options])
    t.deepEqual(encodePacket(packet), bytes)
  })
})

test('what each captured client is granted for a file of 1 MB', (t) => {
  const granted = captured.map(({ payload }) => {
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
