/**
 * What is wrong with the npm package `dhcp` 0.2.20, one check each: the reasons for our own message parser and lease logic.
 * A failure here means that the package changed: read docs/dependencies.md and decide anew.
 */
import { execFileSync } from 'node:child_process'
import type { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import test from 'ava'
import { createProbeClient, createRequestListener, PACKAGE_MESSAGE_TYPES } from '../../src/dhcp/dhcp-package.ts'
import { OPTION } from '../../src/dhcp/options.ts'
import { MESSAGE } from '../../src/dhcp/reply.ts'
import { octets, requestBytes } from './requests.ts'

interface Parsed {
  readonly options: Readonly<Record<number, unknown>>
}
interface Answer {
  readonly yiaddr: string
  readonly options: Readonly<Record<number, number>>
}
/** Parts of the package that are not public; only this file may look at them. */
interface Inside {
  _sock: EventEmitter & { close(): void }
  _state: Record<string, { address?: string }>
  _send(host: string, answer: Answer): void
}

const load = createRequire(import.meta.url)
const { parse } = load('dhcp/lib/protocol.js') as { parse(bytes: Uint8Array): Parsed }
const { createServer } = load('dhcp') as { createServer(options: object): Inside & EventEmitter }

/** The package's server, fed by hand; what it would send is kept. */
function serverOf(options: object) {
  const server = createServer({
    range: ['10.77.0.50', '10.77.0.52'],
    randomIP: false,
    static: {},
    netmask: '255.255.255.0',
    router: ['10.77.0.1'],
    dns: ['10.77.0.1'],
    broadcast: '10.77.0.255',
    server: '10.77.0.1',
    leaseTime: 3600,
    ...options,
  })
  const sent: { host: string; answer: Answer }[] = []
  server._send = (host, answer) => sent.push({ host, answer })
  server.on('error', () => undefined)
  const receive = (bytes: Uint8Array) => server._sock.emit('message', Buffer.from(bytes))
  return { receive, sent, close: () => server._sock.close() }
}

/** What `body` writes to console.error. */
function errorsOf(body: () => void): string[] {
  const lines: string[] = []
  const original = console.error
  console.error = (...words: unknown[]) => lines.push(words.join(' '))
  try {
    body()
  } finally {
    console.error = original
  }
  return lines
}

const buffer = (bytes: Uint8Array) => Buffer.from(bytes)

test.serial('finding: a PAD option swallows the byte behind it, and a valid message is rejected or misread', (t) => {
  const bytes = requestBytes({ type: 1 })
  // PAD in front of option 53: RFC 2132 §3.1 says this changes nothing.
  bytes.set([0, 53, 1, 1, 255], 240)
  let options: Parsed['options'] | undefined
  errorsOf(() => {
    options = parse(buffer(bytes)).options
  })
  t.not(options?.[53], 1)
})

test.serial('finding: hardware types other than 1 throw', (t) => {
  t.throws(() => parse(buffer(requestBytes({ type: 1, htype: 32, hlen: 0, mac: '' }))), { message: /hardware address/ })
})

test.serial('finding: an unknown option prints to stderr, for every message', (t) => {
  const bytes = buffer(requestBytes({ type: 1, options: [[151, [1]]] }))
  t.deepEqual(
    errorsOf(() => parse(bytes)),
    ['Option 151 not known'],
  )
  t.deepEqual(
    errorsOf(() => parse(bytes)),
    ['Option 151 not known'],
  )
})

test.serial('finding: a relayed request is answered by broadcast instead of to giaddr', (t) => {
  const { receive, sent, close } = serverOf({})
  receive(requestBytes({ type: MESSAGE.DISCOVER, giaddr: '10.77.2.1' }))
  close()
  t.is(sent[0]?.host, '10.77.0.255')
})

test.serial('finding: a renewal is answered by broadcast instead of to ciaddr', (t) => {
  const { receive, sent, close } = serverOf({})
  receive(requestBytes({ type: MESSAGE.REQUEST, ciaddr: '10.77.0.50' }))
  close()
  t.is(sent[0]?.host, '10.77.0.255')
})

test.serial('finding: a REQUEST for a wrong address gets an ACK for another one, never a NAK', (t) => {
  const { receive, sent, close } = serverOf({})
  receive(requestBytes({ type: MESSAGE.REQUEST, options: [[OPTION.requestedAddress, octets('192.0.2.9')]] }))
  close()
  t.is(sent[0]?.answer.options[53], MESSAGE.ACK)
  t.is(sent[0]?.answer.yiaddr, '10.77.0.50')
})

test.serial('finding: a REQUEST to another server is answered all the same', (t) => {
  const { receive, sent, close } = serverOf({})
  receive(requestBytes({ type: MESSAGE.REQUEST, options: [[OPTION.serverIdentifier, octets('10.77.0.254')]] }))
  close()
  t.is(sent.length, 1)
})

test.serial('finding: RELEASE, DECLINE and INFORM are not implemented', (t) => {
  const { receive, sent, close } = serverOf({})
  const errors = errorsOf(() => {
    for (const type of [MESSAGE.RELEASE, MESSAGE.DECLINE, MESSAGE.INFORM]) receive(requestBytes({ type }))
  })
  close()
  t.is(sent.length, 0)
  t.deepEqual(errors, ['Not implemented method 7', 'Not implemented method 4', 'Not implemented method 8'])
})

test.serial('finding: the address of a live client is given to another one', (t) => {
  const { receive, sent, close } = serverOf({ static: { '02-00-00-00-00-02': '10.77.0.50' } })
  receive(requestBytes({ type: MESSAGE.REQUEST, mac: '02:00:00:00:00:01' }))
  receive(requestBytes({ type: MESSAGE.REQUEST, mac: '02:00:00:00:00:02' }))
  close()
  t.is(sent[0]?.answer.yiaddr, '10.77.0.50')
  t.is(sent[1]?.answer.yiaddr, '10.77.0.50')
})

test.serial(
  'finding: when the range is used up, one more DISCOVER stops the process for ever (randomIP, its default)',
  (t) => {
    const script = `
    const server = require('dhcp').createServer({ range: ['10.77.0.50', '10.77.0.51'], randomIP: true, static: {}, server: '10.77.0.1' })
    server._state = { a: { address: '10.77.0.50' }, b: { address: '10.77.0.51' }, c: {} }
    server._selectAddress('02-00-00-00-00-09', {})`
    const error = t.throws(() => execFileSync(process.execPath, ['-e', script], { timeout: 2000, stdio: 'pipe' }))
    t.is((error as NodeJS.ErrnoException | undefined)?.code, 'ETIMEDOUT')
  },
)

test.serial('what is used: the message type constants are those of RFC 2132 §9.6', (t) => {
  t.deepEqual(PACKAGE_MESSAGE_TYPES, {
    DISCOVER: 1,
    OFFER: 2,
    REQUEST: 3,
    DECLINE: 4,
    ACK: 5,
    NAK: 6,
    RELEASE: 7,
    INFORM: 8,
  })
})

test.serial(
  'what is used: with our options added its parser reads a firmware request without a word on stderr',
  (t) => {
    const listener = createRequestListener()
    listener.close()
    const options = [
      [OPTION.clientArchitecture, [0, 16]],
      [OPTION.userClass, 'iPXE'],
      [OPTION.machineIdentifier, [0, ...Array(16).fill(7)]],
      [OPTION.ipxe, [176, 1, 1]],
    ] as const
    let parsed: Parsed | undefined
    const errors = errorsOf(() => {
      parsed = parse(buffer(requestBytes({ type: 1, options })))
    })
    t.deepEqual(errors, [])
    t.deepEqual(parsed?.options[OPTION.clientArchitecture], [16])
    t.is(parsed?.options[OPTION.ipxe], 'b00101')
  },
)

test.serial('finding: the client makes a DISCOVER that our parser takes, but without the broadcast flag', (t) => {
  const client = createProbeClient('02:00:00:00:00:07') as unknown as Inside & {
    sendDiscover(): void
    close(): void
  }
  const { format } = load('dhcp/lib/protocol.js') as { format(answer: Answer): { _data: Buffer; _w: number } }
  let bytes: Uint8Array | undefined
  client._send = (_host, answer) => {
    const { _data, _w } = format(answer)
    bytes = _data.subarray(0, _w)
  }
  client.sendDiscover()
  client.close()
  t.deepEqual([...(bytes?.subarray(28, 34) ?? [])], [2, 0, 0, 0, 0, 7])
  t.is(parse(buffer(bytes ?? new Uint8Array())).options[53], 1)
  // Servers then send their offer to the made-up hardware address, so the probe for rivals makes its own.
  t.deepEqual([...(bytes?.subarray(10, 12) ?? [])], [0, 0])
})
