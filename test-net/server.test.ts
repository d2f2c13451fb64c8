/** The whole server, started as administrators start it, and programs of Debian as its nodes; in namespaces of its own. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import anyTest, { type ExecutionContext, type TestFn } from 'ava'
import { isServed } from '../src/api/client.ts'
import { type Lab, openLab } from '../vm-harness/lab.ts'
import { type CommandOutcome, LITEBOOT, liteboot } from '../vm-harness/liteboot.ts'
import { missingOf } from './requirements.ts'

const run = promisify(execFile)
const NODE = join(import.meta.dirname, '../node_modules/.bin/node')
const UNDIONLY = '/usr/lib/ipxe/undionly.kpxe'
const MAC = { n1: '02:00:00:77:00:11', n2: '02:00:00:77:00:12', stranger: '02:00:00:77:00:99' }

interface Context {
  readonly lab: Lab
  readonly directory: string
  /** State directory of the running server. */
  readonly state: string
  /** Namespaces with one interface `c0` each: node n1, node n2, a machine nobody knows. */
  readonly clients: { readonly n1: string; readonly n2: string; readonly stranger: string }
  /** The server of the moment; tests have copies of the context. */
  readonly running: { server: ChildProcess }
}
const test = anyTest as TestFn<Context>

const missing = missingOf('ip', 'udhcpc', 'curl', 'showmount')
if (!existsSync(UNDIONLY)) missing.push(`${UNDIONLY} (Debian package ipxe)`)

function check(title: string, body: (t: ExecutionContext<Context>) => Promise<void>): void {
  if (missing.length === 0) test.serial(title, body)
  else test.serial.skip(`${title} (needs ${missing.join(', ')})`, body)
}

/** Starts `liteboot serve` and waits until its API answers. */
async function serve(lab: Lab, state: string, args: readonly string[] = []): Promise<ChildProcess> {
  mkdirSync(state, { recursive: true })
  const log = openSync(join(state, 'log'), 'a')
  const env = { ...process.env, LITEBOOT_STATE: state }
  const server = lab.spawn(LITEBOOT, ['serve', ...args], { env, stdio: ['ignore', log, log] })
  const deadline = Date.now() + 30_000
  while (!(await isServed(join(state, 'api.sock')))) {
    if (server.exitCode !== null || Date.now() > deadline)
      throw new Error(`the server did not start:\n${readFileSync(join(state, 'log'), 'utf8')}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return server
}

async function stop(server: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (server.exitCode !== null || server.signalCode !== null) return server.exitCode
  const ended = once(server, 'exit')
  server.kill(signal)
  const [code] = await ended
  return code as number | null
}

async function addClient(lab: Lab, name: string, mac: string): Promise<string> {
  const namespace = `${lab.namespace}-${name}`
  await run('ip', ['netns', 'add', namespace])
  const peer = ['type', 'veth', 'peer', 'name', 'c0', 'address', mac, 'netns', namespace]
  await run('ip', ['-n', lab.namespace, 'link', 'add', `p-${name}`, ...peer])
  await run('ip', ['-n', lab.namespace, 'link', 'set', `p-${name}`, 'master', 'br0', 'up'])
  for (const link of ['lo', 'c0']) await run('ip', ['-n', namespace, 'link', 'set', link, 'up'])
  return namespace
}

async function setAddress(namespace: string, address: string): Promise<void> {
  await run('ip', ['-n', namespace, 'addr', 'flush', 'dev', 'c0'])
  await run('ip', ['-n', namespace, 'addr', 'add', `${address}/16`, 'dev', 'c0'])
}

function inside(namespace: string, program: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return run('ip', ['netns', 'exec', namespace, program, ...args], { timeout: 30_000, maxBuffer: 64 * 1024 * 1024 })
}

/** @returns the status, and the body as latin1 */
async function fetchUrl(namespace: string, url: string, ...args: string[]): Promise<{ status: number; body: string }> {
  const { stdout } = await run(
    'ip',
    ['netns', 'exec', namespace, 'curl', '-s', '-m', '10', '-w', '\n%{http_code}', ...args, url],
    { encoding: 'latin1', maxBuffer: 64 * 1024 * 1024 },
  )
  const at = stdout.lastIndexOf('\n')
  return { status: Number(stdout.slice(at + 1)), body: stdout.slice(0, at) }
}

/** What udhcpc's script is told. */
async function lease(
  t: ExecutionContext<Context>,
  namespace: string,
  ...options: string[]
): Promise<Map<string, string>> {
  const script = join(t.context.directory, 'udhcpc.sh')
  writeFileSync(script, '#!/bin/sh\n[ "$1" = bound ] && env\nexit 0\n', { mode: 0o755 })
  const args = ['-i', 'c0', '-n', '-q', '-f', '-t', '5', '-T', '2', '-O', 'bootfile', '-s', script]
  const { stdout } = await inside(namespace, 'udhcpc', ...args, ...options)
  return new Map(
    stdout.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
}

/** A PC's firmware: architecture 0, vendor class PXEClient. iPXE says so in its user class. */
const FIRMWARE = ['-V', 'PXEClient:Arch:00000:UNDI:002001', '-x', '0x5d:0000']
const IPXE = ['-x', '0x4d:69505845', '-x', '0x5d:0000']

async function command(t: ExecutionContext<Context>, ...args: string[]): Promise<CommandOutcome> {
  const ran = await liteboot(t.context.state, args)
  t.is(ran.status, 0, `${args.join(' ')}\n${ran.stderr}`)
  return ran
}

if (missing.length === 0) {
  test.before(async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'liteboot-server-'))
    const state = join(directory, 'state')
    const lab = await openLab('10.77.0.1/16')
    const clients = {
      n1: await addClient(lab, 'n1', MAC.n1),
      n2: await addClient(lab, 'n2', MAC.n2),
      stranger: await addClient(lab, 'x', MAC.stranger),
    }
    Object.assign(t.context, { lab, directory, state, clients })
    const image = join(directory, 'install/netboot/lite')
    mkdirSync(join(image, 'rootimg/etc'), { recursive: true })
    mkdirSync(join(directory, 'install/postscripts'))
    mkdirSync(join(directory, 'install/state/n1'), { recursive: true })
    writeFileSync(join(image, 'rootimg/etc/shadow'), 'root:secret')
    writeFileSync(join(directory, 'install/state/n1/key'), 'persistent secret')
    writeFileSync(join(directory, 'install/postscripts/hello'), '#!/bin/sh\n')
    writeFileSync(join(image, 'kernel'), Buffer.alloc(3_000_000, 'kernel '))
    writeFileSync(join(image, 'initrd-statelite.gz'), Buffer.alloc(2_000_000, 'initrd '))
    const definitions = [
      ['chdef', '-t', 'site', `installdir=${directory}/install`, 'master=10.77.0.1', `tftpdir=${directory}/tftpboot`],
      ['mkdef', '-t', 'network', '-o', 'lab', 'net=10.77.0.0', 'mask=255.255.0.0', 'dynamicrange=10.77.5.1-10.77.5.50'],
      [
        'mkdef',
        '-t',
        'osimage',
        '-o',
        'lite',
        'provmethod=statelite',
        'profile=p',
        'osvers=debian12',
        'osarch=x86_64',
        `rootimgdir=${image}`,
      ],
      ['mkdef', 'n1', 'groups=all', 'ip=10.77.0.11', `mac=${MAC.n1}`, 'netboot=xnba', 'provmethod=lite', 'arch=x86_64'],
      ['mkdef', 'n2', 'groups=all', 'ip=10.77.0.12', `mac=${MAC.n2}`, 'netboot=xnba', 'provmethod=lite', 'arch=x86_64'],
      ['chtab', 'image=ALL,file=/etc/motd', 'litefile.options=tmpfs'],
      ['chtab', 'image=ALL,file=/var/keep/', 'litefile.options=persistent'],
      ['chtab', 'node=all', `statelite.statemnt=10.77.0.1:${directory}/install/state`],
    ]
    for (const words of definitions) await command(t as ExecutionContext<Context>, ...words)
    Object.assign(t.context, { running: { server: await serve(lab, state) } })
    await setAddress(clients.n1, '10.77.0.11')
    await setAddress(clients.n2, '10.77.0.12')
  })
  test.after.always(async (t) => {
    const { lab, running, clients, directory } = t.context
    if (running) await stop(running.server, 'SIGKILL')
    for (const namespace of Object.values(clients ?? {})) await run('ip', ['netns', 'delete', namespace])
    await lab?.close()
    if (directory) rmSync(directory, { recursive: true, force: true })
  })
}

check('DHCP: a node gets its address; firmware its loader, iPXE its script', async (t) => {
  const { n1 } = t.context.clients
  const plain = await lease(t, n1)
  t.is(plain.get('ip'), '10.77.0.11')
  const firmware = await lease(t, n1, ...FIRMWARE)
  t.is(firmware.get('boot_file') ?? firmware.get('bootfile'), 'undionly.kpxe')
  const ipxe = await lease(t, n1, ...IPXE)
  const script = ipxe.get('boot_file') ?? ipxe.get('bootfile')
  t.regex(script ?? '', /^http:\/\/10\.77\.0\.1\/boot\/ipxe\/n1/)
  const { status, body } = await fetchUrl(n1, script ?? '')
  t.is(status, 200)
  t.regex(body, /^#!ipxe\n/)
})

check('HTTP: kernel and initrd by their digests, whole; the plan for the node itself only', async (t) => {
  const { n1, n2 } = t.context.clients
  const script = (await fetchUrl(n1, 'http://10.77.0.1/boot/ipxe/n1')).body
  const [kernel, initrd] = ['kernel', 'initrd'].map(
    (kind) => new RegExp(`http://\\S+/image/lite/[0-9a-f]{16}/${kind}`).exec(script)?.[0],
  )
  t.is((await fetchUrl(n1, kernel ?? '')).body, Buffer.alloc(3_000_000, 'kernel ').toString())
  t.is((await fetchUrl(n1, initrd ?? '')).body, Buffer.alloc(2_000_000, 'initrd ').toString())
  t.is((await fetchUrl(n1, (kernel ?? '').replace(/[0-9a-f]{16}/, '0123456789abcdef'))).status, 404)

  const plan = await fetchUrl(n1, 'http://10.77.0.1/node/v1/n1/plan')
  t.is(plan.status, 200)
  t.regex(plan.body, /^liteboot-plan\t1\tn1\n.*^entry\ttmpfs\t\/etc\/motd\t.*^end\t\d+\n?$/ms)
  t.is((await fetchUrl(n2, 'http://10.77.0.1/node/v1/n1/plan')).status, 403)
  t.is((await fetchUrl(n1, 'http://10.77.0.1/node/v1/n2/plan')).status, 403)
  t.is((await fetchUrl(n1, 'http://10.77.0.1/node/v1/none/plan')).status, 403)
})

check('HTTP: /install has postscripts, and never an image root or a persistent directory', async (t) => {
  const { n1 } = t.context.clients
  t.is((await fetchUrl(n1, 'http://10.77.0.1/install/postscripts/hello')).body, '#!/bin/sh\n')
  for (const path of [
    'netboot/lite/rootimg/etc/shadow',
    'postscripts/../netboot/lite/rootimg/etc/shadow',
    'postscripts/%2e%2e/state/n1/key',
    'state/n1/key',
    'netboot/lite/kernel',
    '',
  ]) {
    const { status, body } = await fetchUrl(n1, `http://10.77.0.1/install/${path}`, '--path-as-is')
    t.true(status >= 400, `${path}: ${status}`)
    t.notRegex(body, /secret/, path)
  }
})

check('TFTP serves the loader, showmount lists the exports', async (t) => {
  const { n1, n2 } = t.context.clients
  const file = join(t.context.directory, 'loader')
  await inside(n1, 'curl', '-s', '-m', '10', '-o', file, 'tftp://10.77.0.1/undionly.kpxe')
  t.deepEqual(readFileSync(file), readFileSync(UNDIONLY))
  const { stdout } = await inside(n2, 'showmount', '-e', '10.77.0.1')
  t.regex(stdout, /install\/netboot\/lite\/rootimg +.*10\.77\.0\.11/)
  t.regex(stdout, /install\/state\/n1 +10\.77\.0\.11$/m)
})

check('edits count at once: the next DHCP answer, the next boot file, without a restart', async (t) => {
  const { n1 } = t.context.clients
  await command(t, 'chdef', 'n1', 'ip=10.77.0.21')
  t.is((await lease(t, n1)).get('ip'), '10.77.0.21')
  await setAddress(n1, '10.77.0.21')
  const words = ['one', 'two', 'three']
  for (const word of words) {
    await command(t, 'chdef', 'n1', `addkcmdline=edit=${word}`)
    t.regex((await fetchUrl(n1, 'http://10.77.0.1/boot/ipxe/n1')).body, new RegExp(`edit=${word}\\b`))
  }
  t.is((await fetchUrl(n1, 'http://10.77.0.1/node/v1/n1/plan')).status, 200)
  await command(t, 'chdef', 'n1', 'ip=10.77.0.11')
  await setAddress(n1, '10.77.0.11')
  t.is((await fetchUrl(n1, 'http://10.77.0.1/node/v1/n1/plan')).status, 200)
})

/** Mounts and holds the connection until `end`. */
async function hold(
  t: ExecutionContext<Context>,
  namespace: string,
  path: string,
): Promise<{ handle: string; end: () => Promise<unknown> }> {
  const child = spawn('ip', [
    'netns',
    'exec',
    namespace,
    NODE,
    join(import.meta.dirname, 'server-client.ts'),
    'mount',
    path,
  ])
  // A test that fails before its end must not leave the client behind: the run would wait for it.
  t.teardown(() => void child.kill())
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const { status, handle } = JSON.parse(line) as { status: number; handle: string }
  if (status !== 0) throw new Error(`mount of ${path}: status ${status}`)
  return {
    handle,
    end: async () => {
      const ended = once(child, 'exit')
      child.stdin.end()
      await ended
    },
  }
}

check('liteimg in place is refused while a node runs from the image, and says which', async (t) => {
  const { clients, directory, state } = t.context
  const root = join(directory, 'install/netboot/lite/rootimg')
  const mount = await hold(t, clients.n1, root)
  const inPlace = ['liteimg', '--in-place', 'lite']
  const busy = await liteboot(state, inPlace)
  t.is(busy.status, 1)
  t.regex(
    busy.stderr,
    /rootimg is the root of running nodes: n1\n.*liteimg lite --in-place --force n1 \[LB_IMAGE_BUSY\]/,
  )
  // A generation of its own is in nobody's way.
  t.notRegex((await liteboot(state, ['liteimg', '--dry-run', 'lite'])).stderr, /LB_IMAGE_BUSY/)
  await mount.end()
  t.notRegex((await liteboot(state, inPlace)).stderr, /LB_IMAGE_BUSY/)
})

check('kill -9 and a new start: handles, leases and the timeline are those of before', async (t) => {
  const { clients, directory, lab, state } = t.context
  const mount = await hold(t, clients.n1, join(directory, 'install/netboot/lite/rootimg'))
  const address = (await lease(t, clients.stranger)).get('ip') ?? ''
  t.regex(address, /^10\.77\.5\.\d+$/)
  await command(t, 'timeline', 'n1')
  await stop(t.context.running.server, 'SIGKILL')
  t.true(existsSync(join(state, 'api.sock')))
  t.context.running.server = await serve(lab, state)

  const client = join(import.meta.dirname, 'server-client.ts')
  const after = await inside(clients.n1, NODE, client, 'getattr', mount.handle)
  t.deepEqual(JSON.parse(after.stdout), { status: 0, type: 2 })
  const other = await inside(
    clients.n2,
    NODE,
    client,
    'getattr',
    mount.handle.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')),
  )
  t.not(JSON.parse(other.stdout).status, 0)
  const { stdout } = await command(t, 'leases')
  t.regex(stdout, new RegExp(`^${address} +bound .* ${MAC.stranger}`, 'm'))
  t.is((await lease(t, clients.stranger)).get('ip'), address)
  t.regex((await command(t, 'timeline', 'n1')).stdout, /mount/)
  await mount.end()
})

check('a second server: the same state is refused, and so are ports that are taken', async (t) => {
  const { lab, state, directory } = t.context
  const attempt = async (where: string) => {
    const args = ['netns', 'exec', lab.namespace, 'env', `LITEBOOT_STATE=${where}`, LITEBOOT, 'serve']
    return (await t.throwsAsync(run('ip', args, { timeout: 30_000 }))) as Error & { stderr: string; code: number }
  }
  const same = await attempt(state)
  t.is(same.code, 1)
  t.regex(same.stderr, /a server answers at .*api\.sock already\n.*LITEBOOT_STATE.* \[LB_RUNNING\]/)
  const other = await attempt(join(directory, 'other'))
  t.is(other.code, 1)
  t.regex(
    other.stderr,
    /NFS cannot use TCP port 2049 .*another program holds it\n.*ss -lptn 'sport = :2049'.*\[LB_PORT_IN_USE\]/,
  )
  t.is((await liteboot(state, ['lsdef'])).status, 0)
  const none = await t.throwsAsync(
    lab.exec('env', [`LITEBOOT_STATE=${directory}/other`, LITEBOOT, 'serve', '-i', 'eth9']),
  )
  t.regex(
    (none as Error & { stderr: string }).stderr,
    /there is no interface eth9 .*br0 \(10\.77\.0\.1\)\n.*\[LB_NO_INTERFACE\]/,
  )
})

check('SIGTERM: a clean end within ten seconds, also with clients connected', async (t) => {
  const { clients, directory, lab, state } = t.context
  const mount = await hold(t, clients.n1, join(directory, 'install/netboot/lite/rootimg'))
  const startMs = Date.now()
  t.is(await stop(t.context.running.server, 'SIGTERM'), 0)
  t.true(Date.now() - startMs < 10_000)
  t.false(existsSync(join(state, 'api.sock')))
  await mount.end()
  const report = 'boot=b-9&seq=1&stage=root&result=failed&uptime=12&message=mount%3A+refused'
  t.context.running.server = await serve(lab, state)
  await fetchUrl(clients.n1, 'http://10.77.0.1/node/v1/n1/report', '-d', report)
  t.is(await stop(t.context.running.server, 'SIGTERM'), 0)
  const env = { ...process.env, LITEBOOT_STATE: state }
  const { stdout: events } = await run(LITEBOOT, ['tabdump', 'eventlog', '-n', '4'], { env })
  t.regex(
    events,
    /"liteboot stops".*"liteboot has started".*"n1",.*"boot failed at root: mount: refused".*"liteboot stops"/s,
  )
  t.context.running.server = await serve(lab, state)
  t.is((await fetchUrl(clients.n1, 'http://10.77.0.1/node/v1/n1/plan')).status, 200)
})

check('ten thousand nodes', async (t) => {
  const { clients, lab, state, directory } = t.context
  await stop(t.context.running.server, 'SIGTERM')
  const numbers = Array.from({ length: 10_000 }, (_, at) => at)
  const ipOf = (at: number) => `10.77.${100 + Math.floor(at / 250)}.${1 + (at % 250)}`
  const macOf = (at: number) =>
    `02:01:00:00:${Math.floor(at / 256)
      .toString(16)
      .padStart(2, '0')}:${(at % 256).toString(16).padStart(2, '0')}`
  const tables: Record<string, [header: string, row: (at: number) => string]> = {
    nodelist: ['node,groups', (at) => `"cn${at}","big,rack${at % 100},all"`],
    mac: ['node,mac', (at) => `"cn${at}","${macOf(at)}"`],
    hosts: ['node,ip', (at) => `"cn${at}","${ipOf(at)}"`],
  }
  for (const [table, [header, row]] of Object.entries(tables)) {
    const file = join(directory, `${table}.csv`)
    writeFileSync(file, `#${header}\n${numbers.map(row).join('\n')}\n`)
    await command(t, 'tabrestore', '-a', file)
  }
  await command(t, 'chdef', '-t', 'group', 'big', 'provmethod=lite', 'netboot=xnba', 'arch=x86_64')
  const startMs = Date.now()
  t.context.running.server = await serve(lab, state)
  const answered = Date.now() - startMs
  await setAddress(clients.n2, ipOf(9999))
  t.is((await fetchUrl(clients.n2, 'http://10.77.0.1/node/v1/cn9999/plan')).status, 200)
  t.log(`start to first answer: ${answered} ms, with the first plan ${Date.now() - startMs} ms`)
  const editMs = Date.now()
  await command(t, 'chdef', '-t', 'group', 'big', 'addkcmdline=edited')
  t.log(`an edit of a group of 10,000, live: ${Date.now() - editMs} ms`)
  t.regex((await fetchUrl(clients.n2, 'http://10.77.0.1/boot/ipxe/cn9999')).body, /\bedited\b/)
  const showMs = Date.now()
  await command(t, 'lsdef', 'cn5000')
  t.log(`lsdef of one node: ${Date.now() - showMs} ms`)
})
