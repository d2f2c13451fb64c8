/** HTTP: wrk against liteboot and nginx. */
import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Contest, type Contestant, OURS } from './contest.ts'
import { startPeer } from './processes.ts'
import { FILES } from './site.ts'
import type { Suite, SuiteContext } from './suite.ts'
import { SERVER } from './wire.ts'

const run = promisify(execFile)
const CLIENTS = [1, 64] as const
const UNITS: Readonly<Record<string, number>> = { B: 1, KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30, TB: 2 ** 40 }

/**
 * nginx from its Debian package, unpacked but not installed: installing it would claim port 80 of the machine, and fails
 * in containers without the account www-data.
 */
async function unpackNginx(scratch: string): Promise<string> {
  const directory = join(scratch, 'nginx')
  mkdirSync(directory)
  await run('apt-get', ['-qq', 'download', 'nginx'], { cwd: directory })
  const archive = readdirSync(directory).find((name) => name.endsWith('.deb'))
  if (!archive) throw new Error('apt-get download nginx left no package')
  await run('dpkg-deb', ['-x', archive, '.'], { cwd: directory })
  return join(directory, 'usr/sbin/nginx')
}

/** Debian's own settings as far as they matter here: as many workers as processors, sendfile, tcp_nopush. */
function nginxConfiguration({ scratch, site }: SuiteContext): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `  ${kind}_temp_path ${scratch}/nginx-${kind};`,
  )
  return [
    ...['user root;', 'worker_processes auto;', 'daemon off;', `pid ${scratch}/nginx.pid;`],
    ...[`error_log ${scratch}/nginx-error.log crit;`, 'events { worker_connections 768; }', 'http {'],
    ...['  sendfile on;', '  tcp_nopush on;', '  access_log off;', '  default_type application/octet-stream;'],
    ...temporary,
    ...[`  server { listen ${SERVER}:80; location /tftpboot/ { alias ${site.tftpdir}/; } }`, '}', ''],
  ].join('\n')
}

async function openNginx(context: SuiteContext): Promise<Contestant> {
  const wire = await context.openWire()
  const program = await unpackNginx(context.scratch)
  const file = join(context.scratch, 'nginx.conf')
  writeFileSync(file, nginxConfiguration(context))
  const server = context.keep(
    await startPeer({
      side: wire.server,
      command: program,
      args: ['-c', file, '-p', context.scratch, '-e', join(context.scratch, 'nginx-error.log')],
      logFile: join(context.scratch, 'nginx.log'),
      port: { protocol: 'tcp', number: 80 },
    }),
  )
  return { name: 'nginx', wire, pid: server.pid }
}

/** Bytes per second read by all clients, also of transfers that were under way at the end. */
function parseWrk(text: string): number {
  const found = /requests in ([\d.]+)(s|m), ([\d.]+)([KMGT]?B) read/.exec(text)
  const bytes = Number(found?.[3]) * (UNITS[found?.[4] ?? ''] ?? Number.NaN)
  const seconds = Number(found?.[1]) * (found?.[2] === 'm' ? 60 : 1)
  const errors = /Non-2xx or 3xx responses: (\d+)/.exec(text)
  if (!(bytes / seconds > 0) || errors) throw new Error(`wrk: ${text}`)
  return bytes / seconds
}

export const httpSuite: Suite = {
  name: 'HTTP',
  method: `\`wrk\` with one thread, keep-alive; bytes read in the time are counted, also of transfers under way at its end (64 clients do
not finish 1 GB in a few seconds). nginx: Debian's package and settings (as many workers as processors, sendfile, tcp_nopush), access log
off. liteboot sends from memory: one process, one thread.`,
  async open(context) {
    const contestants = [{ name: OURS, ...context.liteboot }, await openNginx(context)]
    const contest = (file: string, size: string, clients: number): Contest => ({
      title: `${size}, ${clients} client${clients > 1 ? 's' : ''}`,
      unit: 'MB/s',
      target: { ratio: 1, against: 'nginx' },
      contestants,
      async load(wire) {
        const url = `http://${SERVER}/tftpboot/${file}`
        const text = await wire.client.exec(
          'wrk',
          ['-t1', `-c${clients}`, `-d${Math.max(1, Math.round(context.seconds))}s`, '--timeout', '60s', url],
          (context.seconds + 60) * 1000,
        )
        return parseWrk(text) / 1e6
      },
    })
    // A large file is taken into memory at its second request; the two that count come after that.
    const ask = (file: string) =>
      context.liteboot.wire.client.exec('wrk', ['-t1', '-c1', '-d2s', `http://${SERVER}/tftpboot/${file}`], 30_000)
    for (const file of [FILES.http10Mb, FILES.http1Gb]) await ask(file)
    return [
      ...CLIENTS.map((clients) => contest(FILES.http10Mb, '10 MB', clients)),
      ...CLIENTS.map((clients) => contest(FILES.http1Gb, '1 GB', clients)),
    ]
  },
}
