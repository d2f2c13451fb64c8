/** Port 4011 is there while a network is named in site.proxydhcp, and only then. On loopback, at a free port. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import test from 'ava'
import { openProxySockets } from '../../src/dhcp/proxy-sockets.ts'
import type { Datagram } from '../../src/dhcp/service.ts'
import { ip } from './fake-cluster.ts'

const HOST = ip('127.0.0.1')

async function boundSocket(): Promise<{ readonly socket: Socket; readonly port: number }> {
  const socket = createSocket('udp4')
  socket.bind(0, HOST)
  await once(socket, 'listening')
  return { socket, port: socket.address().port }
}

test('opened and closed with the setting, however fast it changes; what comes says where it came', async (t) => {
  const { socket: client, port: free } = await boundSocket()
  const { socket: holder, port } = await boundSocket()
  await new Promise<void>((resolve) => holder.close(() => resolve()))
  const warnings: string[] = []
  let heard: (datagram: Datagram) => void = () => undefined
  const next = new Promise<Datagram>((resolve) => {
    heard = resolve
  })
  const proxy = openProxySockets({
    addresses: [HOST],
    port,
    receive: (datagram) => heard(datagram),
    warn: (message) => warnings.push(message),
  })
  t.is(proxy.senderOf(HOST), undefined)
  await Promise.all([proxy.follow(true), proxy.follow(false), proxy.follow(true)])
  t.truthy(proxy.senderOf(HOST))
  client.send('hello', port, HOST)
  t.like(await next, { receivedAt: HOST, receivedOn: undefined, onProxyPort: true, sourcePort: free })
  await proxy.follow(false)
  t.is(proxy.senderOf(HOST), undefined)
  await proxy.close()
  await proxy.follow(true)
  t.is(proxy.senderOf(HOST), undefined, 'closed is closed')
  t.deepEqual(warnings, [])
  client.close()
})

test('a port that another program has is a warning that says what will not work, and no failure', async (t) => {
  const { socket, port } = await boundSocket()
  const warnings: string[] = []
  const proxy = openProxySockets({
    addresses: [HOST],
    port,
    receive: () => undefined,
    warn: (message) => warnings.push(message),
  })
  await proxy.follow(true)
  t.regex(warnings.join(), /UEFI machines beside another DHCP server will not boot: .*EADDRINUSE/)
  await proxy.close()
  socket.close()
})
