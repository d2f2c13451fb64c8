/** What was found about the package tftp2 0.0.1: when one of these fails, look at docs/dependencies.md again. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import test from 'ava'
import { Client, Packet, RequestSocket, Server, TransferSocket } from '../../src/tftp/tftp2.ts'

const Connection = createRequire(import.meta.url)('tftp2/connection.js') as new (
  peer: { address: string; port: number } | undefined,
) => Socket & { rinfo: unknown; sendAck(block: number): Promise<number> }
const from: RemoteInfo = { address: '127.0.0.1', family: 'IPv4', port: 9, size: 1 }

test('a datagram of one byte throws inside the socket handler', (t) => {
  const server = new Server()
  t.throws(() => server.handleMessage(Buffer.from([0]), from), { code: 'ERR_BUFFER_OUT_OF_BOUNDS' })
  server.close()
})

test('ours in its place takes the same datagram', (t) => {
  const socket = new RequestSocket()
  let taken = 0
  socket.onDatagram = () => {
    taken += 1
  }
  socket.emit('message', Buffer.from([0]), from)
  t.is(taken, 1)
  socket.close()
})

test('options are not parsed: they are dropped from a request', (t) => {
  const packet = Packet.parse(Buffer.from('\0\x01name\0octet\0blksize\x001428\0'))
  t.deepEqual({ ...packet }, { opcode: 1, filename: 'name', mode: 'octet' })
})

test('ERROR packets cannot be encoded, OACK is not known', (t) => {
  t.throws(() => Packet.encode({ opcode: 5, code: 1, message: 'File not found' }), { instanceOf: TypeError })
  t.is(Packet.encode({ opcode: 6 }), undefined)
})

test('data blocks are cut at 512 bytes', (t) => {
  t.is(Packet.createData(1, Buffer.alloc(1428)).length, 4 + 512)
})

test('file names that are not ASCII get a wrong length', (t) => {
  t.false(Packet.createRequest(1, 'ä').includes(Buffer.from('ä')))
})

test('a connection with a peer loses the socket’s own address method; without one it is a plain socket', (t) => {
  const named = new Connection({ address: '127.0.0.1', port: 9 })
  t.is(typeof named.address, 'string')
  named.close()
  const plain = new TransferSocket()
  t.is(typeof plain.address, 'function')
  plain.close()
})

test('a connection cannot send once its socket is connected', async (t) => {
  const connection = new Connection({ address: '127.0.0.1', port: 9 })
  connection.connect(9, '127.0.0.1')
  await once(connection, 'connect')
  await t.throwsAsync(connection.sendAck(1), { code: 'ERR_SOCKET_DGRAM_IS_CONNECTED' })
  connection.close()
})

test('an address in use is thrown past the promise of listen', async (t) => {
  const holder = createSocket('udp4')
  holder.bind(0)
  await once(holder, 'listening')
  const server = new Server()
  const thrown = once(server, 'error')
  let settled = false
  server.listen(holder.address().port).then(
    () => {
      settled = true
    },
    () => {
      settled = true
    },
  )
  const failed = Promise.race([thrown, new Promise((resolve) => server.once('error', resolve))])
  await failed
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.false(settled)
  server.close()
  holder.close()
})

/** Asks the package's server for a one-byte file over loopback; counts its answers. */
async function askServer(acknowledge: boolean, waitMs: number) {
  const server = new Server()
  let connection: Socket | undefined
  server.on('client', (socket: Socket) => {
    connection = socket
  })
  server.on('get', (_client: unknown, send: (data: Buffer) => Promise<void>) => void send(Buffer.from('x')))
  await server.listen(0)
  const client = createSocket('udp4')
  client.bind(0, '127.0.0.1')
  await once(client, 'listening')
  let answers = 0
  const answered = once(client, 'message')
  client.on('message', (_bytes, { port }) => {
    answers += 1
    if (acknowledge) client.send(Packet.createAck(1), port, '127.0.0.1')
  })
  client.send(Packet.createRequest(1, 'name'), server.address().port, '127.0.0.1')
  await answered
  await new Promise((resolve) => setTimeout(resolve, waitMs))
  client.close()
  server.close()
  return { answers, connection }
}

test('a lost packet is never repeated: no time-out, the transfer waits for ever', async (t) => {
  const { answers, connection } = await askServer(false, 3000)
  t.is(answers, 1)
  connection?.close()
})

test('each transfer leaves its socket open', async (t) => {
  const { answers, connection } = await askServer(true, 500)
  t.is(answers, 1)
  // A closed socket would throw here.
  t.is(typeof connection?.getRecvBufferSize(), 'number')
  connection?.close()
})

test('the client does not see an ERROR: a missing file waits for ever', async (t) => {
  const refusing = createSocket('udp4')
  refusing.on('message', (_bytes, { port }) => refusing.send(Buffer.from([0, 5, 0, 1, 0]), port, '127.0.0.1'))
  refusing.bind(0, '127.0.0.1')
  await once(refusing, 'listening')
  const client = Client('127.0.0.1', refusing.address().port)
  const reading = client.read(
    'missing',
    () => {},
    () => {},
  )
  const waited = new Promise((resolve) => setTimeout(resolve, 1000, 'waits'))
  t.is(await Promise.race([reading, waited]), 'waits')
  client.close()
  refusing.close()
})
