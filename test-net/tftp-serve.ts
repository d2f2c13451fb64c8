/** A TFTP server for tests: `node tftp-serve.ts '{"addresses": […], "root": "…"}'`; events and counters as JSON lines. */
import { diskRoute, type TftpRoute } from '../src/tftp/routes.ts'
import { openTftpServer, type TftpServerOptions } from '../src/tftp/server.ts'

const asked = JSON.parse(process.argv[2] ?? '{}') as Partial<TftpServerOptions> & { root: string }
const say = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`)

const rendered: TftpRoute = (name, client) =>
  name.startsWith('rendered/') ? { kind: 'bytes', data: Buffer.from(`default ${client.ip}\nkernel x\n`) } : undefined
const server = await openTftpServer({
  addresses: [],
  ...asked,
  routes: [rendered, diskRoute(asked.root)],
  emit: (event) => say(event),
  now: Date.now,
  log: { warn: (fields, message) => say({ warn: message, ...fields }), debug: () => {} },
})
say({ ready: server.port })
process.on('SIGTERM', async () => {
  await server.close()
  say({ counters: server.counters })
})
