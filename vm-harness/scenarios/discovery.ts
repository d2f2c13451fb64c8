/**
 * Discovery, in a virtual machine: a machine that no table knows boots the inventory environment, is listed with what is
 * printed on it and the switch port that it is plugged into, is adopted by that port, and comes up as the node by itself.
 *
 *   node vm-harness/scenarios/discovery.ts [--keep] [--directory DIR]
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type CheckOutcome, firstBootChecks, judgeCheck, loadFunctions, runChecks } from '../demo/checklist.ts'
import { addImageContent, IMAGE, NODES, SERVER, siteCommands, sitePaths, writeTree } from '../demo/site.ts'
import { openLab } from '../lab.ts'
import { CleanUps, liteboot, startServer } from '../liteboot.ts'
import { findAccelerator, startMachine } from '../machine.ts'
import { advertiseRouter } from '../router.ts'

const BOOT_TIMEOUT_MS = 300_000
const IDENTITY = {
  manufacturer: 'Rehearsal',
  product: 'Model 7',
  serial: 'S0-4711',
  uuid: '6f5c1f0a-5bb6-4a5c-9f5e-0d3c1a2b3c4d',
} as const
const MAC = '52:54:00:77:00:0b'
const SWITCH = { name: 'rack1-sw', port: 'Ethernet1/7' } as const
const startedMs = Date.now()
const { values: options } = parseArgs({
  options: {
    directory: { type: 'string', default: '/var/tmp/liteboot-discovery' },
    keep: { type: 'boolean', default: false },
  },
})
const { directory } = options
const state = join(directory, 'state')
const runDirectory = join(directory, 'run')
const paths = sitePaths(directory)
const [node, other] = NODES
const outcomes: CheckOutcome[] = []

interface Listed {
  readonly serial: string
  readonly model: string
  readonly vendor: string
  readonly uuid: string
  readonly arch: string
  readonly cpus: number
  readonly memoryMiB: number
  readonly bootMac: string
  readonly ip: string
  readonly disks: readonly { readonly bytes: number; readonly serial: string }[]
  readonly ports: readonly { readonly link: string; readonly switchName: string; readonly switchPort: string }[]
}

function say(text: string): void {
  process.stdout.write(`${((Date.now() - startedMs) / 1000).toFixed(0).padStart(4)}s  ${text}\n`)
}

function showOutcome({ check, output, passed }: CheckOutcome): void {
  process.stdout.write(`       ${passed ? 'ok  ' : 'FAIL'} ${check.title}\n`)
  if (!passed)
    process.stdout.write(
      `            expected ${String(check.expect)}\n            found    ${JSON.stringify(output)}\n`,
    )
}

function judge(title: string, expect: string | RegExp, output: string): void {
  const outcome = judgeCheck({ title, script: '', expect }, output)
  outcomes.push(outcome)
  showOutcome(outcome)
}

async function command(...args: readonly string[]): Promise<string> {
  const outcome = await liteboot(state, args)
  process.stdout.write(`       # ${args.join(' ')}\n`)
  if (outcome.status !== 0)
    throw new Error(`${args.join(' ')}: exit status ${outcome.status}\n${outcome.stderr}${outcome.stdout}`)
  return outcome.stdout
}

async function shown(...args: readonly string[]): Promise<string> {
  const output = await command(...args)
  process.stdout.write(output.replace(/^(?=.)/gm, '       '))
  return output
}

async function until<T>(what: string, look: () => Promise<T | undefined>, limitMs = BOOT_TIMEOUT_MS): Promise<T> {
  const deadline = Date.now() + limitMs
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (Date.now() > deadline) throw new Error(`not within ${limitMs / 1000} s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
}

async function listed(): Promise<Listed | undefined> {
  const outcome = await liteboot(state, ['discovered', '--json'])
  // Boundary: the command's own documented output.
  const [machine] = JSON.parse(outcome.stdout) as Listed[]
  return machine
}

async function prepare(): Promise<void> {
  say('building a root file system; two nodes without hardware addresses; a network that opts in')
  for (const name of ['state', 'run', 'lite', 'persistent', 'install/custom'])
    rmSync(join(directory, name), { recursive: true, force: true })
  mkdirSync(runDirectory, { recursive: true })
  mkdirSync(state, { recursive: true, mode: 0o700 })
  execFileSync('sh', [join(import.meta.dirname, '../demo/build-root.sh'), paths.image], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  writeTree(paths)
  addImageContent(paths)
  for (const words of siteCommands(paths)) await command(...words)
  await command('chdef', `${node.name},${other.name}`, 'mac=')
  await command('chdef', '-t', 'network', 'demo', 'dynamicrange=10.77.9.1-10.77.9.20')
  await command('chdef', '-t', 'site', 'discovery=demo', 'defserialport=0', 'defserialspeed=115200')
  await command('chdef', node.name, `switch=${SWITCH.name}`, 'switchport=7')
  await command('chdef', other.name, `switch=${SWITCH.name}`, 'switchport=8')
  await command('liteimg', IMAGE)
  // nodeset is for nodes that have a hardware address.
  await command('chdef', '-t', 'group', 'compute', `provmethod=${IMAGE}`)
}

async function scenario(cleanUps: CleanUps): Promise<void> {
  await prepare()
  const disk = join(runDirectory, 'disk.img')
  execFileSync('truncate', ['-s', '3G', disk])
  const accelerator = await findAccelerator()
  const lab = await openLab(`${SERVER}/16`)
  cleanUps.add(() => lab.close())
  cleanUps.add(await advertiseRouter(lab))
  const server = await startServer(lab, state, join(runDirectory, 'server.log'))
  cleanUps.add(() => server.close())

  say('a machine that no table knows is switched on')
  const machine = await startMachine(lab, {
    name: 'stranger',
    mac: MAC,
    memoryMiB: 1024,
    directory: runDirectory,
    accelerator,
    identity: IDENTITY,
    disks: [{ file: disk, serial: 'DISK-1' }],
  })
  cleanUps.add(() => machine.close())
  const first = await until('the machine is listed', listed)
  say('it is listed')
  judge('serial number', IDENTITY.serial, first.serial)
  judge('vendor and model', `${IDENTITY.manufacturer} ${IDENTITY.product}`, `${first.vendor} ${first.model}`)
  judge('UUID', IDENTITY.uuid, first.uuid)
  judge('architecture and CPUs', 'x86_64 1', `${first.arch} ${first.cpus}`)
  judge('memory', 'true', String(first.memoryMiB > 900 && first.memoryMiB <= 1024))
  judge('the port that it booted from', `${MAC} up`, `${first.bootMac} ${first.ports[0]?.link}`)
  judge('a dynamic address', /^10\.77\.9\./, first.ip)
  judge('its disk', `${3 * 1024 ** 3} DISK-1`, `${first.disks[0]?.bytes} ${first.disks[0]?.serial}`)

  say('now the switch speaks')
  const sender = lab.spawn(
    'python3',
    [join(import.meta.dirname, '../lldp-sender.py'), 'tap0', `${SWITCH.name}.example.org`, SWITCH.port],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  )
  cleanUps.add(() => sender.kill())
  const plugged = await until('LLDP is seen', async () => {
    const found = await listed()
    return found?.ports[0]?.switchName ? found.ports[0] : undefined
  })
  judge('switch port', `${SWITCH.name}.example.org ${SWITCH.port}`, `${plugged.switchName} ${plugged.switchPort}`)
  await shown('discovered')
  await shown('discovered', '-l')
  judge('nothing is adopted by itself', '', await command('lsdef', '-i', 'mac', '-c', node.name).then(macsIn))

  say('adoption by switch port')
  const range = `${node.name},${other.name}`
  judge(
    'a dry run says which',
    new RegExp(`${node.name}: would become ${MAC}`),
    await shown(...adoption(range), '--dry-run'),
  )
  judge('and binds nothing', '', macsIn(await command('lsdef', '-i', 'mac', '-c', node.name)))
  judge('adopted', new RegExp(`^${node.name}: is ${MAC}`), await shown(...adoption(range)))
  const adoptedMs = Date.now()
  await machine.console.waitFor(/adopted n1: booting again/, 60_000, 'the end of the inventory environment')
  say(`the machine boots again, ${((Date.now() - adoptedMs) / 1000).toFixed(0)} s after its adoption`)
  await machine.console.login('root', 'liteboot', BOOT_TIMEOUT_MS)
  await loadFunctions(machine.console)
  say(
    `logged in as ${node.name}, ${((Date.now() - adoptedMs) / 1000).toFixed(0)} s after its adoption (${accelerator})`,
  )
  outcomes.push(...(await runChecks(machine.console, firstBootChecks(node.name, node.ip), showOutcome)))
  judge('nobody waits any more', '', await command('discovered'))
  judge('its serial number is in the tables', /serial=S0-4711/, await command('lsdef', '-i', 'serial', node.name))
  process.stdout.write((await command('timeline', node.name)).replace(/^/gm, '       '))
}

function adoption(range: string): string[] {
  return ['adopt', range, '--by', 'switch']
}

function macsIn(lines: string): string {
  return /mac=(.*)/.exec(lines)?.[1] ?? ''
}

const cleanUps = new CleanUps()
let failure: unknown
try {
  await scenario(cleanUps)
} catch (error) {
  failure = error
}
await cleanUps.run()
const failed = outcomes.filter((outcome) => !outcome.passed).length
if (failure) process.stdout.write(`\ndiscovery: ${failure instanceof Error ? failure.message : String(failure)}\n`)
if (!options.keep && !failure && failed === 0) rmSync(directory, { recursive: true, force: true })
say('done')
process.stdout.write(`\n${outcomes.length - failed} passed, ${failed + (failure ? 1 : 0)} failed\n`)
process.exitCode = failure || failed > 0 ? 1 : 0
