/** Wires the rooms together: opens every service in order, and closes them in reverse. */
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { openDiscoveryImages } from '../api/methods/discovery/boot-image.ts'
import { openLearnedLists } from '../api/methods/statelite/learned-lists.ts'
import type { Places } from '../api/places.ts'
import { refuseSecondServer } from '../api/server.ts'
import { findLoaders } from '../boot/loader-files.ts'
import { openNodeAnswers } from '../boot/node-answers.ts'
import { openCluster } from '../cluster/cluster.ts'
import { discoveryNetworkOf } from '../cluster/discovery.ts'
import type { ClusterNode, Ipv4, MacAddress } from '../cluster/model.ts'
import { isProxied } from '../cluster/proxy-networks.ts'
import { type DhcpServer, openDhcpServer } from '../dhcp/server.ts'
import { openFileServer } from '../http/files.ts'
import { openHttpServer } from '../http/server.ts'
import { adoptedRoot } from '../image/generations/adopt.ts'
import { openGenerationStates } from '../image/generations/states.ts'
import { openInventoryInitrds } from '../image/inventory-initrd.ts'
import { openPackedRoots } from '../image/pack/find.ts'
import { openPartitionFiles } from '../image/partition-files.ts'
import { exportDirectory, openExports } from '../nfs/exports.ts'
import { rootUsers } from '../nfs/root-users.ts'
import { openNfsServer } from '../nfs/server.ts'
import { openSqliteStore, pollWithTimer } from '../store/sqlite.ts'
import { openTftpServer } from '../tftp/server.ts'
import { openAdminApi } from './admin-api.ts'
import { openBlobs } from './blobs.ts'
import { openBootEvents } from './boot-events.ts'
import { openBootFiles } from './boot-files.ts'
import { openDiscoveryDesk } from './discovery-desk.ts'
import { openDiscoveryEfi } from './discovery-efi.ts'
import { openEfiFiles } from './efi-files.ts'
import { loadHandleKey } from './handle-key.ts'
import { httpRoutes } from './http-routes.ts'
import type { ServiceInterface } from './interfaces.ts'
import { openNeighbours, readNeighbours } from './neighbours.ts'
import { passedSockets } from './passed-sockets.ts'
import { ensurePersistentDirectory } from './persistent-directories.ts'
import { openingPorts } from './port-taken.ts'
import type { RemoteApiChoice } from './remote-api.ts'
import { tftpRoutes } from './tftp-routes.ts'

export interface ServiceOptions {
  readonly places: Places
  readonly interfaces: readonly ServiceInterface[]
  /** Overrides of the well-known ports, for tests and odd sites. */
  readonly httpPort?: number
  readonly nfsPort: number
  readonly mountPort: number
  /** All TFTP transfers from port 69, for firewalls that know nothing of TFTP. */
  readonly tftpSinglePort: boolean
  /** Rehearsal: persistent directories are served from below this directory. */
  readonly scratch?: string
  /** Left out: no API for other machines. */
  readonly remoteApi?: RemoteApiChoice
  readonly log: ServiceLog
}

export interface ServiceLog {
  info(message: string): void
  warn(message: string): void
}

export interface Services {
  /** Resolves when every service has stopped. Safe to call twice. */
  close(): Promise<void>
}

export async function openServices(options: ServiceOptions): Promise<Services> {
  const opened: (() => Promise<void> | void)[] = []
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= (async () => {
      const faults: unknown[] = []
      // A service that cannot stop must not keep the others open.
      for (const step of opened.reverse()) {
        try {
          await step()
        } catch (fault) {
          faults.push(fault)
        }
      }
      if (faults.length > 0) throw faults[0]
    })()
    return closing
  }
  try {
    await openAll(options, (step) => opened.push(step))
  } catch (error) {
    await close()
    throw error
  }
  return { close }
}

async function openAll(options: ServiceOptions, onClose: (step: () => Promise<void> | void) => void): Promise<void> {
  const { places, interfaces, log } = options
  const addresses = interfaces.map((entry) => entry.address)
  const now = () => Date.now()

  await refuseSecondServer(places.socket)
  const store = openSqliteStore({ path: places.tables, poll: pollWithTimer, busyTimeoutMs: 2000 })
  onClose(() => store.close())
  const cluster = openCluster(store)
  onClose(() => cluster.close())
  for (const fault of cluster.current.faults) log.warn(fault)

  const nodeOf = (ip: string) => cluster.current.nodeByIp(ip as Ipv4)?.name
  const nodeOfMac = (mac: string) => cluster.current.portByMac(mac as MacAddress)?.node.name
  let leaseAt: DhcpServer['macAt'] = () => undefined
  const neighbourAt = openNeighbours(now)
  const strangerAt = (ip: string) => {
    const network = discoveryNetworkOf(cluster.current, ip)
    const isTheirs = network !== undefined && isProxied(cluster.current, network)
    return isTheirs ? neighbourAt(ip) : leaseAt(ip as Ipv4)
  }
  const events = openBootEvents({ cluster, store, places, nodeOf, nodeOfMac, strangerAt, now, log })
  onClose(() => events.close())
  const { emit, mounted } = events

  const httpPort = options.httpPort ?? cluster.current.site.httpport
  const answers = openNodeAnswers({
    addresses,
    httpPort: options.httpPort,
    generationOf: openGenerationStates(),
    partitionFile: openPartitionFiles(),
    packedRoot: openPackedRoots(),
    nfs: { port: options.nfsPort, mountPort: options.mountPort },
  })
  const blobs = openBlobs()
  const findDiscoveryImage = openDiscoveryImages(openInventoryInitrds())
  const bootFiles = openBootFiles({
    cluster,
    answers,
    blobs,
    findDiscoveryImage,
    emit,
    now,
  })
  for (const { message } of findLoaders(existsSync).missing) log.warn(message)
  const efiFiles = openEfiFiles({ cluster, exists: existsSync, emit, now })
  const discoveryEfi = openDiscoveryEfi({ cluster, findDiscoveryImage, common: efiFiles.common, emit, now })

  const preparePersistent = (node: ClusterNode): string | undefined => {
    const directory = answers.directories(node, cluster.current).find((entry) => entry.access === 'rw')
    return directory && ensurePersistentDirectory(exportDirectory(directory, options.scratch))
  }
  const exports = openExports({
    cluster,
    directoriesOf: answers.directories,
    localDirectory: (directory) => exportDirectory(directory, options.scratch),
    mounted,
    hasDirectory: existsSync,
    movedRoot: (dir) => adoptedRoot(dirname(dir)),
  })
  const nfs = await openingPorts(
    'NFS',
    openNfsServer({
      host: '0.0.0.0',
      port: options.nfsPort,
      mountPort: options.mountPort,
      portmapPort: 111,
      exports,
      handleKey: loadHandleKey(places.handleKey),
      emit,
      now,
      nodeOf,
    }),
  )
  onClose(() => nfs.close())

  const desk = openDiscoveryDesk({
    cluster,
    store,
    leasedTo: (ip) => leaseAt(ip as Ipv4),
    neighbours: readNeighbours,
    emit,
    now,
    log,
  })
  onClose(() => desk.close())

  const files = openFileServer({ now })
  const http = await openingPorts(
    'HTTP',
    openHttpServer({
      addresses,
      port: httpPort,
      sweep: () => files.hot.sweep(),
      routes: httpRoutes({
        cluster,
        files,
        answers,
        bootFiles,
        blobs,
        efiFiles,
        discoveryEfi,
        learned: openLearnedLists(places.learned),
        desk,
        emit,
        now,
        onPlan: events.planned,
        preparePersistent: (name) => {
          const node = cluster.current.node(name)
          return node ? preparePersistent(node) : undefined
        },
      }),
      emit,
      now,
      nodeOf,
      log: { warn: (fields, message) => log.warn(`http: ${message} ${JSON.stringify(fields)}`) },
    }),
  )
  onClose(() => http.close())

  const tftp = await openingPorts(
    'TFTP',
    openTftpServer({
      addresses,
      routes: tftpRoutes({ cluster, bootFiles, blobs, efiFiles, discoveryEfi }),
      emit,
      now,
      nodeOf,
      tftpdir: cluster.current.site.tftpdir,
      singlePort: options.tftpSinglePort,
      log: { warn: (fields, message) => log.warn(`tftp: ${message} ${JSON.stringify(fields)}`), debug() {} },
    }),
  )
  onClose(() => tftp.close())

  const dhcp = await openingPorts(
    'DHCP',
    openDhcpServer({
      cluster,
      interfaces,
      leasesFile: places.leases,
      emit,
      now,
      ...(options.httpPort === undefined ? {} : { httpPort: options.httpPort }),
      passedSockets: passedSockets(process.env, process.pid),
      log,
    }),
  )
  onClose(() => dhcp.close())
  leaseAt = (ip) => dhcp.macAt(ip)

  const api = await openAdminApi({
    ...{ places, store, cluster, answers, interfaces, log },
    leases: () => dhcp.leases(),
    flushTimeline: () => events.flushTimeline(),
    usersOf: (rootimgdir) => rootUsers(rootimgdir, cluster.current, nfs.clients(), mounted),
    ...(options.remoteApi === undefined ? {} : { remoteApi: options.remoteApi }),
  })
  onClose(() => api.close())
  log.info(
    `liteboot serves ${interfaces.map(({ name, address }) => `${name} (${address})`).join(', ')}: ` +
      `DHCP, TFTP, HTTP on port ${http.port}, NFS on port ${nfs.port}; ${cluster.current.nodeNames.length} nodes`,
  )
}
