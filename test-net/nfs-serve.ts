/** Child of nfs.test.ts, inside its namespace: serves what its argument (JSON) says, prints its ports, events to stderr. */
import type { ExportGrant } from '../src/nfs/export-table.ts'
import { openNfsServer } from '../src/nfs/server.ts'

interface Served extends ExportGrant {
  readonly clients: readonly string[]
}
const { base, portmapPort } = JSON.parse(process.argv[2] ?? '{}') as { base: string; portmapPort?: number }
const rows: Served[] = [
  { id: 1, path: '/image', dir: `${base}/image`, access: 'ro', frozen: false, clients: ['10.77.1.11', '10.77.2.12'] },
  { id: 2, path: '/state/a', dir: `${base}/a`, access: 'rw', frozen: false, clients: ['10.77.1.11'] },
  { id: 3, path: '/state/b', dir: `${base}/b`, access: 'rw', frozen: false, clients: ['10.77.2.12'] },
]
const server = await openNfsServer({
  host: '0.0.0.0',
  port: 2049,
  mountPort: 20048,
  portmapPort,
  handleKey: Buffer.alloc(32, 3),
  emit: (event) => process.stderr.write(`${JSON.stringify(event)}\n`),
  now: Date.now,
  exports: {
    forMount: (ip, path) =>
      rows.find((r) => r.clients.includes(ip) && (path === r.path || path.startsWith(`${r.path}/`))),
    forHandle: (ip, id) => rows.find((r) => r.id === id && r.clients.includes(ip)),
    list: () => rows,
  },
})
process.stdout.write(`ready ${server.port} ${server.mountPort} ${server.portmapPort}\n`)
