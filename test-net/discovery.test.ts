/**
 * Discovery over a real wire: the server as administrators start it, and in a namespace of its own the initrd's own step
 * with busybox, which gets a lease, reports, hears a switch, and is adopted.
 */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { frameReader } from '../src/image/initrd/frame-reader.ts'
import { SCRIPTS, STEPS } from '../test/initrd-scripts/shells.ts'
import { type Lab, openLab } from '../vm-harness/lab.ts'
import { liteboot, startServer } from '../vm-harness/liteboot.ts'

const run = promisify(execFile)
const MAC = '02:00:00:77:00:99'
const SENDER = join(import.meta.dirname, '../vm-harness/lldp-sender.py')
const found = (program: string) => {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
/** Skipped, and said so in its title, where a program is missing. */
function declare(title: string, programs: readonly string[], act: (t: ExecutionContext) => Promise<void>): void {
  const missing = ['ip', 'busybox', 'python3', 'mount', ...programs].filter((program) => !found(program))
  if (process.getuid?.() !== 0) missing.unshift('root')
  if (missing.length === 0) test.serial(title, act)
  else test.serial.skip(`${title} (needs ${missing.join(', ')})`, act)
}

interface Wire {
  readonly lab: Lab
  /** Namespace of the stranger; its port is c0, ours to it p-x. */
  readonly stranger: string
  readonly directory: string
  readonly state: string
}

async function openWire(t: { teardown(step: () => unknown): void }): Promise<Wire> {
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-discovery-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const lab = await openLab('10.77.0.1/16')
  t.teardown(() => lab.close())
  const stranger = `${lab.namespace}-x`
  await run('ip', ['netns', 'add', stranger])
  t.teardown(() => run('ip', ['netns', 'delete', stranger]))
  const peer = ['type', 'veth', 'peer', 'name', 'c0', 'address', MAC, 'netns', stranger]
  await run('ip', ['-n', lab.namespace, 'link', 'add', 'p-x', ...peer])
  await run('ip', ['-n', lab.namespace, 'link', 'set', 'p-x', 'master', 'br0', 'up'])
  for (const link of ['lo', 'c0']) await run('ip', ['-n', stranger, 'link', 'set', link, 'up'])
  const state = join(directory, 'state')
  mkdirSync(state)
  return { lab, stranger, directory, state }
}

/** Asks until there is an answer; the test's own time-out bounds it. */
async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const value = await look()
    if (value !== undefined) return value
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

/** What /init would do, as far as this step is concerned; names of ports are said, for a veth has no card behind it. */
function initScript(work: string): string {
  return [
    'set -u',
    // udhcpc's script writes this file: the namespace's own mounts hide the machine's.
    `: >${work}/resolv.conf; mount --bind ${work}/resolv.conf /etc/resolv.conf`,
    `RUN_DIR=${work}/run NEWROOT=${work}/root KMSG=/dev/null UDHCPC_SCRIPT=${SCRIPTS}/lean/udhcpc.script`,
    `SYS=${work}/sys CMDLINE_FILE=${work}/cmdline FRAME_READER=${work}/frame-reader DISCOVER_POLL_SECONDS=1`,
    ...STEPS.map((step) => `. ${SCRIPTS}/steps/${step}.sh`),
    'port_names() { echo c0; }',
    'reboot() { echo "reboot $*"; exit 0; }',
    'BOOT_INTERFACE=c0',
    'get_lease c0 || exit 9',
    'stage_discover',
  ].join('\n')
}

function startStranger({ stranger, directory }: Wire): { readonly child: ChildProcess; readonly output: () => string } {
  const work = join(directory, 'stranger')
  for (const name of ['run', 'bin', 'sys/class/dmi/id']) mkdirSync(join(work, name), { recursive: true })
  execFileSync('busybox', ['--install', '-s', join(work, 'bin')])
  // No applet of busybox does this mount's work everywhere; the rest is the initrd's own.
  writeFileSync(join(work, 'cmdline'), 'liteboot.run=discover liteboot.discover=http://10.77.0.1/discover/v1\n')
  writeFileSync(join(work, 'sys/class/dmi/id/product_serial'), 'WIRE-1\n')
  const reader = frameReader(process.arch === 'x64' ? 'x86_64' : process.arch === 'ppc64' ? 'ppc64le' : '')
  if (reader) writeFileSync(join(work, 'frame-reader'), reader, { mode: 0o755 })
  const log = join(work, 'output')
  const descriptor = openSync(log, 'w')
  const child = spawn(
    'ip',
    ['netns', 'exec', stranger, 'busybox', 'ash', '-c', `PATH=${work}/bin\n${initScript(work)}`],
    {
      stdio: ['ignore', descriptor, descriptor],
    },
  )
  return { child, output: () => readFileSync(log, 'utf8') }
}

/** The wire of a site's own DHCP server: its end in the bridge is p-s. Returns its namespace. */
async function siteWire(t: ExecutionContext, { lab }: Wire): Promise<string> {
  const space = `${lab.namespace}-s`
  await run('ip', ['netns', 'add', space])
  t.teardown(() => run('ip', ['netns', 'delete', space]))
  await run('ip', ['-n', lab.namespace, 'link', 'add', 'p-s', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space])
  await run('ip', ['-n', lab.namespace, 'link', 'set', 'p-s', 'master', 'br0', 'up'])
  await run('ip', ['-n', space, 'address', 'add', '10.77.0.2/16', 'dev', 'eth0'])
  await run('ip', ['-n', space, 'link', 'set', 'eth0', 'up'])
  return space
}

/** Runs until the test ends; resolves when it says that it is ready. */
async function startIn(t: ExecutionContext, space: string, words: readonly string[], ready: RegExp): Promise<void> {
  const child = spawn('ip', ['netns', 'exec', space, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => child.kill('SIGKILL'))
  let said = ''
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      said += chunk.toString()
      if (ready.test(said)) resolve()
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.once('exit', () => reject(new Error(`${words.join(' ')} ended: ${said}`)))
  })
}

async function openKea(t: ExecutionContext, wire: Wire): Promise<void> {
  const { directory } = wire
  const file = join(directory, 'kea.json')
  const Dhcp4 = {
    'interfaces-config': { interfaces: ['eth0'] },
    'lease-database': { type: 'memfile', persist: false },
    loggers: [{ name: 'kea-dhcp4', output_options: [{ output: 'stdout' }], severity: 'INFO' }],
    subnet4: [{ id: 1, subnet: '10.77.0.0/16', pools: [{ pool: '10.77.200.1 - 10.77.200.9' }] }],
  }
  writeFileSync(file, JSON.stringify({ Dhcp4 }))
  // It locks below /run, which this machine shares with all namespaces.
  const words = ['env', `KEA_LOCKFILE_DIR=${directory}`, `KEA_PIDFILE_DIR=${directory}`, 'kea-dhcp4', '-c', file]
  await startIn(t, await siteWire(t, wire), words, /DHCP4_STARTED/)
}

async function openDnsmasq(t: ExecutionContext, wire: Wire): Promise<void> {
  const space = await siteWire(t, wire)
  const words = [
    '--no-daemon',
    '--conf-file=/dev/null',
    '--port=0',
    '--interface=eth0',
    '--bind-interfaces',
    '--no-ping',
  ]
  const leases = `--dhcp-leasefile=${join(wire.directory, 'leases')}`
  const range = '--dhcp-range=10.77.200.1,10.77.200.9,255.255.0.0'
  await startIn(t, space, ['dnsmasq', ...words, range, leases], /sockets bound exclusively/)
}

interface Site {
  readonly title: string
  readonly programs: readonly string[]
  readonly settings: readonly string[]
  readonly network: readonly string[]
  /** Of the stranger. */
  readonly address: RegExp
  readonly open?: (t: ExecutionContext, wire: Wire) => Promise<void>
}

const SITES: readonly Site[] = [
  {
    title: 'with an address of ours',
    ...{ programs: [], settings: [], network: ['dynamicrange=10.77.9.1-10.77.9.9'], address: /^10\.77\.9\.\d$/ },
  },
  ...(
    [
      ['dnsmasq', openDnsmasq],
      ['kea-dhcp4', openKea],
    ] as const
  ).map(
    ([program, open]): Site => ({
      title: `with an address of the site’s own DHCP server (${program})`,
      ...{ programs: [program], settings: ['proxydhcp=demo'], network: [], address: /^10\.77\.200\.\d$/, open },
    }),
  ),
]

for (const site of SITES)
  declare(`a stranger ${site.title} is discovered, adopted, and boots again`, site.programs, (t) => discovered(t, site))

async function discovered(t: ExecutionContext, site: Site): Promise<void> {
  t.timeout(120_000)
  const wire = await openWire(t)
  const { lab, state, directory } = wire
  await site.open?.(t, wire)
  const command = async (...args: string[]) => {
    const { stdout, stderr, status } = await liteboot(state, args)
    t.is(status, 0, `${args.join(' ')}\n${stderr}`)
    return stdout
  }
  const settings = ['master=10.77.0.1', 'domain=demo.cluster', 'discovery=demo', `installdir=${directory}`]
  await command('chdef', '-t', 'site', ...settings, ...site.settings)
  await command('mkdef', '-t', 'network', '-o', 'demo', 'net=10.77.0.0', 'mask=255.255.0.0', ...site.network)
  await command('mkdef', 'n1', 'groups=all', 'ip=10.77.0.11', 'switch=sw1', 'switchport=7')
  const server = await startServer(lab, state, join(directory, 'server.log'))
  t.teardown(() => server.close())

  const { child, output } = startStranger(wire)
  t.teardown(() => child.kill('SIGKILL'))
  interface Machine {
    readonly serial: string
    readonly bootMac: string
    readonly ip: string
    readonly ports: readonly { readonly link: string; readonly switchName: string }[]
  }
  const listed = async (): Promise<Machine | undefined> => {
    if (child.exitCode !== null) throw new Error(`the stranger ended with ${child.exitCode}:\n${output()}`)
    const [machine] = JSON.parse((await liteboot(state, ['discovered', '--json'])).stdout) as Machine[]
    return machine
  }
  const machine = await until(listed)
  t.like(machine, { serial: 'WIRE-1', bootMac: MAC })
  t.regex(machine.ip, site.address)
  t.is(machine.ports[0]?.link, 'up')

  const fetched = await run('ip', [
    'netns',
    'exec',
    wire.stranger,
    'busybox',
    'wget',
    '-qO-',
    'http://10.77.0.1/boot/ipxe/_discovery',
  ])
  t.regex(fetched.stdout, /none of the images boots unknown x86_64 machines/)
  const missing = ['tftp', '-g', '-r', 'boot/efi/_discovery/netbootaa64.efi', '-l', '/dev/null', '10.77.0.1']
  await t.throwsAsync(run('ip', ['netns', 'exec', wire.stranger, 'busybox', ...missing]))
  const seen = await command('timeline', MAC.replaceAll(':', '-').toUpperCase())
  t.regex(seen, /http +get +\/boot\/ipxe\/_discovery/)
  t.regex(seen, /boot file +none of the images|none of the images boots unknown x86_64/)
  t.regex(seen, /tftp +read +boot\/efi\/_discovery\/netbootaa64\.efi/)

  const sender = lab.spawn('python3', [SENDER, 'p-x', 'sw1.example.org', 'Ethernet1/7'], { stdio: 'ignore' })
  t.teardown(() => sender.kill('SIGKILL'))
  if (existsSync(join(directory, 'stranger/frame-reader')))
    await until(async () => ((await listed())?.ports[0]?.switchName === 'sw1.example.org' ? true : undefined))

  const ended = once(child, 'exit')
  t.regex(await command('adopt', 'n1', '--by', 'switch'), new RegExp(`^n1: is ${MAC}`))
  t.deepEqual(await ended, [0, null])
  t.regex(output(), /adopted n1: booting again\.\n(.*\n)*reboot -f\n$/)
  t.regex(await command('timeline', MAC), /discovered .*serial WIRE-1 waits to be adopted/)
}
