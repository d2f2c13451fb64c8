/**
 * The sockets of the DHCP service.
 *
 * Requests arrive on one socket at 0.0.0.0, or on sockets bound to devices that were passed in. Replies leave by one socket
 * per provisioning address, bound to it, so that 255.255.255.255 goes out of the right interface; these sockets also get
 * what is unicast to their address (renewals, relays).
 */
import type { RemoteInfo, Socket } from 'node:dgram'
import type { Cluster, Ipv4 } from '../cluster/model.ts'
import { proxiesAnywhere } from '../cluster/proxy-networks.ts'
import type { EmitEvent } from '../timeline/event.ts'
import type { Lease } from './lease.ts'
import { openLeaseStore } from './leases.ts'
import type { InterfaceAddress } from './link.ts'
import { openProxySockets } from './proxy-sockets.ts'
import { type DhcpCounters, DhcpService } from './service.ts'
import { bindSocket } from './sockets.ts'

export interface DhcpServerOptions {
  readonly cluster: Cluster
  /** Addresses of the provisioning interfaces: the only ones that are served. At least one. */
  readonly interfaces: readonly InterfaceAddress[]
  /** Journal of the dynamic leases; its directory is made if needed. */
  readonly leasesFile: string
  readonly emit: EmitEvent
  readonly now: () => number
  readonly serverPort?: number
  readonly clientPort?: number
  readonly proxyPort?: number
  /** Instead of site.httpport in boot file URLs. */
  readonly httpPort?: number
  /** Sockets bound to a device (systemd BindToDevice=), by interface. */
  readonly passedSockets?: readonly { readonly fd: number; readonly interfaceName: string }[]
  readonly log: { warn(message: string): void; info(message: string): void }
}

export interface DhcpServer {
  readonly counters: DhcpCounters
  /** Dynamic leases by address. */
  leases(): readonly Lease[]
  /** Hardware address behind a dynamic address that is leased at the moment. */
  macAt(ip: Ipv4): string | undefined
  /** true: the receiving interface is known, so strangers can be served where a range exists. */
  servesDynamicAddresses(): boolean
  close(): Promise<void>
}

/** Rejects with an error that says what to do when an address or the port cannot be taken. */
export async function openDhcpServer(options: DhcpServerOptions): Promise<DhcpServer> {
  const { interfaces, log, now, cluster, emit } = options
  if (interfaces.length === 0)
    throw new Error('DHCP has no interface to serve: no local address lies inside a row of networks')
  const serverPort = options.serverPort ?? 67
  const passed = options.passedSockets ?? []
  const names = new Set(interfaces.map(({ name }) => name))
  for (const { interfaceName } of passed) {
    if (!names.has(interfaceName))
      throw new Error(`DHCP got a socket for ${interfaceName}, which has no address to serve`)
  }

  const leases = await openLeaseStore({
    file: options.leasesFile,
    now,
    ownAddresses: interfaces.map(({ address }) => address),
    warn: (message) => log.warn(message),
  })
  const senders = new Map<Ipv4, Socket>()
  const sockets: Socket[] = []
  const service = new DhcpService({
    cluster,
    interfaces,
    leases,
    emit,
    now,
    serverPort,
    clientPort: options.clientPort ?? 68,
    ...(options.httpPort === undefined ? {} : { httpPort: options.httpPort }),
    log,
    send: ({ bytes, address, port, from, fromProxyPort }) => {
      const socket = fromProxyPort ? proxy.senderOf(from) : senders.get(from)
      socket?.send(bytes, port, address, (error) => {
        if (!error) return
        service.counters.sendErrors += 1
        if (service.counters.sendErrors === 1)
          log.warn(`dhcp: cannot send from ${from} to ${address}: ${error.message}`)
      })
    },
  })
  const proxy = openProxySockets({
    addresses: [...new Set(interfaces.map(({ address }) => address))],
    port: options.proxyPort ?? 4011,
    receive: (datagram) => service.receive(datagram),
    warn: (message) => log.warn(message),
  })
  const servesDynamicAddresses = () => passed.length > 0 || service.onlyInterface !== undefined
  let warned = false
  const watchInterfaces = () => {
    const hasRange = service.refresh().networks.some(({ dynamicRanges }) => dynamicRanges.length > 0)
    const refusing = hasRange && !servesDynamicAddresses()
    // Said when it becomes so, not at every edit of the tables.
    if (refusing && !warned) log.warn(severalInterfaces(names))
    warned = refusing
  }
  const watch = () => {
    watchInterfaces()
    return proxy.follow(proxiesAnywhere(cluster.current))
  }
  const unwatch = cluster.onChange(watch)

  const listen = (socket: Socket, receivedOn: string | undefined, receivedAt?: Ipv4) => {
    sockets.push(socket)
    socket.on('message', (bytes: Buffer, { port }: RemoteInfo) => {
      if (!closing) service.receive({ bytes, receivedOn, receivedAt, sourcePort: port })
    })
    // ICMP errors of earlier sends and a vanished interface come here; they must not end the process.
    socket.on('error', (error) => log.warn(`dhcp: ${error.message}`))
  }
  let closing = false
  const close = async () => {
    if (closing) return
    closing = true
    unwatch()
    await proxy.close()
    // The leases first: what was promised gets to the disk, and the answers waiting for it still leave.
    await leases.close()
    await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))))
  }
  try {
    for (const { address } of interfaces) {
      if (senders.has(address)) continue
      const socket = await bindSocket({ address, port: serverPort })
      socket.setBroadcast(true)
      senders.set(address, socket)
      // Unicast tells which address was meant; with several interfaces that is not yet the wire it came by.
      listen(socket, undefined, address)
    }
    if (passed.length === 0) listen(await bindSocket({ address: '0.0.0.0', port: serverPort }), undefined)
    for (const { fd, interfaceName } of passed) listen(await bindSocket({ fd }), interfaceName)
    await watch()
  } catch (error) {
    await close()
    throw error
  }
  log.info(
    `dhcp: serving ${interfaces.map(({ name, address }) => `${name} (${address})`).join(', ')}, port ${serverPort}`,
  )

  return {
    counters: service.counters,
    leases: () => leases.list(now()),
    macAt: (ip) => leases.macAt(ip, now()),
    servesDynamicAddresses,
    close,
  }
}

function severalInterfaces(names: ReadonlySet<string>): string {
  return (
    `dhcp: of the interfaces ${[...names].join(', ')} not exactly one has an address inside a networks row: which one receives ` +
    'a request cannot be told, so dynamic addresses are refused except through relays; known nodes are served. Name one ' +
    'interface, or pass in sockets bound to devices (systemd socket units with BindToDevice=)'
  )
}
