/**
 * Measures the server over loopback with a client in another process: `node test/nfs/load.ts`.
 * Not a test: it prints operations (or bytes) per second, one connection, 16 calls under way.
 */
import { fork } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openNfsServer } from '../../src/nfs/server.ts'
import { args, NfsClient } from './client.ts'
import { tableOf } from './stage.ts'

const WINDOW = 16
const LARGE = 256 << 20

async function serve(): Promise<void> {
  const base = mkdtempSync(join(tmpdir(), 'nfs-load-'))
  mkdirSync(join(base, 'many'))
  for (let i = 0; i < 2000; i++) writeFileSync(join(base, 'many', `file-${i}`), 'x'.repeat(4096))
  writeFileSync(join(base, 'large'), Buffer.alloc(LARGE, 1))
  const frozen = process.env.FROZEN === '1'
  const exports = tableOf([{ id: 11, path: '/x', dir: base, access: 'rw', frozen }], new Set(['127.0.0.1']))
  const options = { host: '127.0.0.1', port: 0, mountPort: 0, portmapPort: undefined, exports }
  const server = await openNfsServer({ ...options, handleKey: Buffer.alloc(32, 1), emit: () => {}, now: Date.now })
  const child = fork(import.meta.filename, [String(server.port)])
  child.on('exit', async () => {
    console.log(`server: ${(process.cpuUsage().user / 1e6).toFixed(1)} s user, ${process.memoryUsage().rss >> 20} MiB`)
    await server.close()
    rmSync(base, { recursive: true })
  })
}

async function run(name: string, count: number, unit: number, one: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const worker = async () => {
    for (let i = next++; i < count; i = next++) await one(i)
  }
  const start = performance.now()
  await Promise.all(Array.from({ length: WINDOW }, worker))
  const seconds = (performance.now() - start) / 1000
  const rate = (count * unit) / seconds
  console.log(unit === 1 ? `${name}: ${Math.round(rate)}/s` : `${name}: ${Math.round(rate / 1e6)} MB/s`)
}

async function load(port: number): Promise<void> {
  const client = await NfsClient.open(port)
  const { handle } = await client.mount('/x')
  const many = await client.walk(handle, 'many')
  const large = await client.walk(handle, 'large')
  const files: Buffer[] = []
  for (let i = 0; i < 2000; i++) files.push((await client.lookup(many, `file-${i}`)).handle)
  const bodies = files.map((file) => args((out) => out.opaque(file)))
  for (let round = 0; round < 2; round++) {
    await run('NULL', 100_000, 1, () => client.nfs(0, Buffer.alloc(0)))
    await run('GETATTR', 100_000, 1, (i) => client.nfs(1, bodies[i % 2000]!))
    await run('LOOKUP', 100_000, 1, (i) => client.lookup(many, `file-${i % 2000}`))
    await run('LOOKUP of a missing name', 50_000, 1, (i) => client.lookup(many, `none-${i % 500}`))
    await run('ACCESS', 50_000, 1, (i) => client.access(files[i % 2000]!))
    await run('READ 4 KiB', 50_000, 1, (i) => client.read(files[i % 2000]!, 0, 4096))
    await run('READ 64 KiB', 4096, 65536, (i) => client.read(large, (i * 65536) % LARGE, 65536))
    await run('READ 1 MiB', 1024, 1 << 20, (i) => client.read(large, (i << 20) % LARGE, 1 << 20))
    await run('READDIRPLUS of 2000 entries', 20, 1, () => client.list(many, 32768, true))
    await run('WRITE 1 MiB unstable', 256, 1 << 20, (i) => client.write(large, i << 20, Buffer.alloc(1 << 20)))
  }
  client.close()
}

const port = process.argv[2]
await (port === undefined ? serve() : load(Number(port)))
