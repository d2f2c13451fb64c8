/** The NFS service: owns sockets, timers and descriptors; wires the rest of the room together. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import type { EmitEvent } from '../timeline/event.ts'
import { BufferPool, serveConnection } from './connection.ts'
import { type NfsCounters, newCounters } from './counters.ts'
import type { ExportTable } from './export-table.ts'
import { Forest } from './forest.ts'
import { limits } from './limits.ts'
import { ListingKeeper } from './listing.ts'
import { MOUNT_PROGRAM, mountProgram } from './mount3.ts'
import type { Nfs3Room } from './nfs3/call.ts'
import { procedures } from './nfs3/procedures.ts'
import { NFS_PROGRAM, nfs3Program } from './nfs3/program.ts'
import { OpenFiles } from './open-files.ts'
import { PORTMAP_PROGRAM, type Registration } from './portmap.ts'
import { openPortmap, type Portmap } from './portmap-server.ts'
import type { RpcProgram } from './program.ts'
import { ReplayCache } from './replay.ts'
import type { Pace } from './scan.ts'

export interface NfsServerOptions {
  /** Address to bind. */
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** The same as `port`: one listener for both. 0: any free port. */
  readonly mountPort: number
  /** 111 in production; undefined: no portmapper. Taken by another program: reported, and served without. */
  readonly portmapPort: number | undefined
  readonly exports: ExportTable
  /** 32 bytes, kept by the caller: handles stay valid as long as the key is the same. */
  readonly handleKey: Buffer
  readonly emit: EmitEvent
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly nodeOf?: (ip: string) => string | undefined
  /** false: names and attributes may be lost when the server machine (not the process) fails. Default true. */
  readonly commitMetadata?: boolean
}

export interface NfsServer {
  readonly port: number
  readonly mountPort: number
  /** undefined: no portmapper is served. */
  readonly portmapPort: number | undefined
  readonly counters: Readonly<NfsCounters>
  /** Addresses with an open connection. */
  clients(): string[]
  close(): Promise<void>
}

/** Half of what the process may open: the rest is for connections and the other services. */
function openFileLimit(): number {
  try {
    const soft = Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1])
    return soft > 0 ? Math.min(limits.openFiles, Math.floor(soft / 2)) : limits.openFiles
  } catch {
    return limits.openFiles
  }
}

function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:/, '')
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.removeListener('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

export async function openNfsServer(options: NfsServerOptions): Promise<NfsServer> {
  const { emit, now, exports } = options
  if (options.handleKey.length < 32) throw new Error('the NFS handle key must have 32 bytes')
  const counters = newCounters()
  const nodeField = (ip: string) => {
    const node = options.nodeOf?.(ip)
    return node === undefined ? {} : { node }
  }
  const pace: Pace = {
    now,
    breathe: () => new Promise((resolve) => setImmediate(resolve)),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms).unref()),
  }
  const openFiles = new OpenFiles(openFileLimit())
  const listings = new ListingKeeper()
  const forest = new Forest({
    exports,
    handleKey: options.handleKey,
    openFiles,
    pace,
    onScan(grant, files, durationMs) {
      counters.scans++
      const detail = `looked for files by handle in ${grant.dir}: ${files} files`
      emit({ atMs: now(), service: 'nfs', event: 'scan', object: grant.path, detail, durationMs, ok: true })
    },
  })

  const reported = new Map<string, number>()
  function refused(ip: string, event: string, object: string | undefined, detail: string): void {
    const nowMs = now()
    const key = `${ip} ${event} ${detail}`
    if (nowMs - (reported.get(key) ?? Number.NEGATIVE_INFINITY) < limits.refusalEventMs) return
    if (reported.size >= limits.refusalClients) reported.clear()
    reported.set(key, nowMs)
    const what = object === undefined ? {} : { object }
    emit({ atMs: nowMs, service: 'nfs', event, ip, ...nodeField(ip), ...what, detail, ok: false })
  }

  const largeBuffers = new BufferPool(limits.transferBytes + 4, 64)
  const room: { -readonly [K in keyof Nfs3Room]: Nfs3Room[K] } = {
    forest,
    openFiles,
    now,
    counters,
    commitMetadata: options.commitMetadata ?? true,
    // RFC 1813 §3.3.7: another one after every start, so that clients send again what was not committed.
    writeVerifier: randomBytes(8),
    renewWriteVerifier: () => {
      room.writeVerifier = randomBytes(8)
    },
    random: randomBytes,
    keepListing: (directory, listing) => listings.keep(directory, listing),
    takeBuffer: () => largeBuffers.take(),
    returnBuffer: (buffer) => largeBuffers.give(buffer),
    onHandleRefused(ip, reason) {
      counters.handlesRefused++
      if (reason !== 'stale') refused(ip, 'handle', undefined, `file handle refused: ${reason}`)
    },
  }

  const nfs = nfs3Program({
    room,
    replays: new ReplayCache(),
    onCall(procedure, status) {
      counters.calls[procedures[procedure]!.name]!++
      if (status !== 0) counters.failed++
    },
    onInternalFault(procedure, error) {
      counters.internalFaults++
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
      emit({ atMs: now(), service: 'nfs', event: 'fault', object: procedure, detail, ok: false })
    },
  })
  const mount = mountProgram({
    exports,
    forest,
    openFiles,
    now,
    onMount(ip, path, refusal) {
      if (refusal !== undefined) {
        counters.mountsRefused++
        return refused(ip, 'mount', path, refusal)
      }
      counters.mounts++
      emit({ atMs: now(), service: 'nfs', event: 'mount', ip, ...nodeField(ip), object: path, ok: true })
    },
  })
  const programs = new Map<number, RpcProgram>([
    [NFS_PROGRAM, nfs],
    [MOUNT_PROGRAM, mount],
  ])

  const sockets = new Set<Socket>()
  const perClient = new Map<string, number>()
  const chunks = new BufferPool(limits.outputChunkBytes, 256)
  function onMalformed(ip: string, fault: string, offset: number): void {
    counters.malformed++
    refused(ip, 'malformed', undefined, `${fault} at byte ${offset}`)
  }

  function onConnection(socket: Socket): void {
    const clientIp = plainAddress(socket.remoteAddress)
    const ofClient = perClient.get(clientIp) ?? 0
    if (sockets.size >= limits.connections || ofClient >= limits.connectionsPerClient) {
      counters.connectionsRefused++
      refused(clientIp, 'connection', undefined, 'too many connections')
      socket.destroy()
      return
    }
    counters.connections++
    sockets.add(socket)
    perClient.set(clientIp, ofClient + 1)
    socket.once('close', () => {
      sockets.delete(socket)
      const left = (perClient.get(clientIp) ?? 1) - 1
      if (left > 0) perClient.set(clientIp, left)
      else perClient.delete(clientIp)
    })
    serveConnection({ socket, clientIp, programs, chunks, onMalformed })
  }

  const listeners: Server[] = []
  let portmap: Portmap | undefined
  const close = async (): Promise<void> => {
    clearInterval(sweeper)
    await portmap?.close()
    const closed = listeners.map((server) => new Promise<void>((resolve) => server.close(() => resolve())))
    for (const socket of sockets) socket.destroy()
    await Promise.all(closed)
    forest.close()
  }
  const sweeper = setInterval(() => {
    const nowMs = now()
    forest.sweep(nowMs)
    listings.sweep(nowMs, (directory) => forest.isFrozen(directory))
  }, limits.sweepMs)
  sweeper.unref()

  try {
    const open = async (port: number): Promise<number> => {
      const server = createServer(onConnection)
      listeners.push(server)
      return listen(server, options.host, port)
    }
    const port = await open(options.port)
    const isShared = options.mountPort !== 0 && options.mountPort === options.port
    const mountPort = isShared ? port : await open(options.mountPort)
    if (options.portmapPort !== undefined) {
      const registrations: Registration[] = [
        { program: NFS_PROGRAM, version: 3, netid: 'tcp', port },
        ...[1, 2, 3].map((version) => ({ program: MOUNT_PROGRAM, version, netid: 'tcp' as const, port: mountPort })),
      ]
      portmap = await openPortmap({ host: options.host, port: options.portmapPort, registrations, chunks, onMalformed })
      if (portmap === undefined) {
        const detail =
          `port ${options.portmapPort} is taken (rpcbind?): nodes mount all the same, since they are told the ports; ` +
          'stop the other program if showmount or rpcinfo shall work'
        emit({ atMs: now(), service: 'nfs', event: 'portmap', object: String(PORTMAP_PROGRAM), detail, ok: false })
      }
    }
    return { port, mountPort, portmapPort: portmap?.port, counters, clients: () => [...perClient.keys()], close }
  } catch (error) {
    await close()
    throw error
  }
}
