/** A server over temporary directories, for tests: `/image` read-only, `/state` read-write, both for 127.0.0.1. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import type { ExportGrant, ExportTable } from '../../src/nfs/export-table.ts'
import { type NfsServer, type NfsServerOptions, openNfsServer } from '../../src/nfs/server.ts'
import type { BootEvent } from '../../src/timeline/event.ts'
import { NfsClient } from './client.ts'

export interface Stage {
  readonly base: string
  readonly image: string
  readonly state: string
  readonly events: BootEvent[]
  readonly grants: ExportGrant[]
  /** Addresses that may use the exports. */
  readonly clients: Set<string>
  server: NfsServer
  client: NfsClient
  /** Another server with the same key over the same directories, and a new connection. */
  restart(): Promise<void>
}

export const handleKey = Buffer.alloc(32, 7)

export function tableOf(grants: readonly ExportGrant[], clients: ReadonlySet<string>): ExportTable {
  const granted = (ip: string) => (clients.has(ip) ? grants : [])
  return {
    forMount: (ip, path) => granted(ip).find((g) => path === g.path || path.startsWith(`${g.path}/`)),
    forHandle: (ip, id) => granted(ip).find((g) => g.id === id),
    list: () => grants.map(({ path, access }) => ({ path, access, clients: [...clients] })),
  }
}

export async function openStage(
  t: ExecutionContext,
  extra: Partial<NfsServerOptions> = {},
  isFrozen = false,
): Promise<Stage> {
  const base = mkdtempSync(join(tmpdir(), 'nfs-test-'))
  const image = join(base, 'image')
  const state = join(base, 'state')
  mkdirSync(image)
  mkdirSync(state)
  const grants: ExportGrant[] = [
    { id: 11, path: '/image', dir: image, access: 'ro', frozen: isFrozen },
    { id: 12, path: '/state', dir: state, access: 'rw', frozen: false },
  ]
  const clients = new Set(['127.0.0.1'])
  const events: BootEvent[] = []
  const options: NfsServerOptions = {
    host: '127.0.0.1',
    port: 0,
    mountPort: 0,
    portmapPort: undefined,
    exports: tableOf(grants, clients),
    handleKey,
    emit: (event) => events.push(event),
    now: Date.now,
    commitMetadata: false,
    ...extra,
  }
  const server = await openNfsServer(options)
  const stage: Stage = {
    base,
    image,
    state,
    events,
    grants,
    clients,
    server,
    client: await NfsClient.open(server.port),
    async restart() {
      stage.client.close()
      await stage.server.close()
      stage.server = await openNfsServer(options)
      stage.client = await NfsClient.open(stage.server.port)
    },
  }
  t.teardown(async () => {
    stage.client.close()
    await stage.server.close()
    rmSync(base, { recursive: true, force: true })
  })
  return stage
}
