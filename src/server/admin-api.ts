/** The admin API of the running server: its methods, on the unix socket and, where it is wanted, for other machines. */
import { randomBytes } from 'node:crypto'
import { openMethods, preloadMethods } from '../api/methods/index.ts'
import type { Places } from '../api/places.ts'
import { openApiServer } from '../api/server.ts'
import type { NodeAnswers } from '../boot/node-answers.ts'
import type { OpenCluster } from '../cluster/cluster.ts'
import { probeRivalServers } from '../dhcp/rival-probe.ts'
import type { Store } from '../store/store.ts'
import type { ServiceInterface } from './interfaces.ts'
import { type RemoteApiChoice, serveRemoteApi } from './remote-api.ts'

type LiveServer = NonNullable<Parameters<typeof openMethods>[0]['server']>

export interface AdminApiParts extends Pick<LiveServer, 'leases' | 'flushTimeline' | 'usersOf'> {
  readonly places: Places
  readonly store: Store
  readonly cluster: OpenCluster
  readonly answers: NodeAnswers
  readonly interfaces: readonly ServiceInterface[]
  /** Left out: no API for other machines. */
  readonly remoteApi?: RemoteApiChoice
  readonly log: Parameters<typeof serveRemoteApi>[0]['log']
}

export async function openAdminApi(parts: AdminApiParts): Promise<{ close(): Promise<void> }> {
  const { places, store, cluster, answers, interfaces, leases, flushTimeline, usersOf } = parts
  const methods = openMethods({
    store,
    timelineFile: places.timeline,
    accessDirectory: places.access,
    learnedDirectory: places.learned,
    compiled: async () => ({ snapshot: await cluster.waitFor(store.revision), answers }),
    live: async (revision) => (await cluster.waitFor(revision)).number,
    server: {
      leases,
      flushTimeline,
      usersOf,
      interfaces: () => interfaces,
      rivals: () => findRivals(interfaces, cluster),
    },
  })
  await preloadMethods()
  const api = await openApiServer(places.socket, methods)
  const remote = await openRemote(parts, methods).catch(async (error: unknown) => {
    await api.close()
    throw error
  })
  return {
    async close() {
      try {
        await remote?.close()
      } finally {
        await api.close()
      }
    },
  }
}

async function openRemote(
  { places, store, cluster, remoteApi, log }: AdminApiParts,
  methods: ReturnType<typeof openMethods>,
) {
  if (remoteApi === undefined) return undefined
  const site = () => cluster.current.site
  return await serveRemoteApi({ choice: remoteApi, methods, store, site, accessDirectory: places.access, log })
}

/** Most servers look for a second whether an address is free before they offer it. */
const RIVALS_MS = 4000

function findRivals(interfaces: readonly ServiceInterface[], cluster: OpenCluster) {
  const asked = interfaces.filter(({ address }) => cluster.current.networkOf(address) !== undefined)
  const ownAddresses = interfaces.map(({ address }) => address)
  return probeRivalServers({ interfaces: asked, makeMac: randomMac, waitMs: RIVALS_MS, ownAddresses })
}

/** Locally administered, and nobody's: servers that answer only those they know stay silent. */
function randomMac(): string {
  return `02:${(randomBytes(5).toString('hex').match(/../g) ?? []).join(':')}`
}
