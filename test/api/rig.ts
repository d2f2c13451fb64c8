/** A server's API without its network services: tables, nodes, a real unix socket. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { connectApi } from '../../src/api/client.ts'
import type { RunningServices } from '../../src/api/methods/context.ts'
import { type Methods, openMethods } from '../../src/api/methods/index.ts'
import { type Places, readPlaces } from '../../src/api/places.ts'
import type { Api } from '../../src/api/protocol.ts'
import { type ApiServer, openApiServer } from '../../src/api/server.ts'
import { openNodeAnswers } from '../../src/boot/node-answers.ts'
import { type OpenCluster, openCluster } from '../../src/cluster/cluster.ts'
import type { RootUser } from '../../src/nfs/root-users.ts'
import { openSqliteStore, pollWithTimer } from '../../src/store/sqlite.ts'
import type { Store } from '../../src/store/store.ts'

export interface Rig {
  readonly places: Places
  readonly cluster: OpenCluster
  readonly server: ApiServer
  readonly client: Api
  readonly methods: Methods
  readonly store: Store
  /** Nodes that run from every image; a name alone: connected, from before there were generations. */
  users: readonly (string | RootUser)[]
}

export function newPlaces(t: ExecutionContext): Places {
  const state = mkdtempSync(join(tmpdir(), 'liteboot-api-'))
  t.teardown(() => rmSync(state, { recursive: true, force: true }))
  return readPlaces({ LITEBOOT_STATE: state })
}

/** @param replace stands in for the methods */
export async function openApiRig(t: ExecutionContext, replace?: Partial<Methods>): Promise<Rig> {
  const places = newPlaces(t)
  const store = openSqliteStore({ path: places.tables, poll: pollWithTimer })
  const cluster = openCluster(store)
  const answers = openNodeAnswers({
    addresses: ['10.4.0.1'],
    httpPort: undefined,
    nfs: { port: 2049, mountPort: 2049 },
  })
  const rig: Pick<Rig, 'users'> = { users: [] }
  const services: RunningServices = {
    leases: () => [],
    flushTimeline() {},
    usersOf: () =>
      rig.users.map((user) =>
        typeof user === 'string' ? { node: user, generation: undefined, connected: true } : user,
      ),
  }
  const methods = openMethods({
    store,
    timelineFile: places.timeline,
    accessDirectory: places.access,
    learnedDirectory: places.learned,
    compiled: async () => ({ snapshot: await cluster.waitFor(store.revision), answers }),
    live: async (revision) => (await cluster.waitFor(revision)).number,
    server: services,
  })
  const server = await openApiServer(places.socket, { ...methods, ...replace })
  const client = await connectApi(places)
  t.teardown(async () => {
    await client.close()
    await server.close()
    cluster.close()
    store.close()
  })
  return Object.assign(rig, { places, cluster, server, client, methods, store })
}

export async function until(t: ExecutionContext, what: string, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!holds()) {
    if (Date.now() > deadline) return t.fail(`not within thirty seconds: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
