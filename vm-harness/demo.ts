/**
 * The demonstration: from empty tables to two running nodes, with everything read inside the guests.
 *
 *   node vm-harness/demo.ts [--keep] [--directory DIR]
 */
import { spawn } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  type Check,
  type CheckOutcome,
  firstBootChecks,
  judgeCheck,
  loadFunctions,
  otherNodeChecks,
  rebootChecks,
  restartChecks,
  runChecks,
} from './demo/checklist.ts'
import { addImageContent, IMAGE, NODES, SERVER, siteCommands, sitePaths, writeTree } from './demo/site.ts'
import { openLab } from './lab.ts'
import { CleanUps, liteboot, startServer } from './liteboot.ts'
import { findAccelerator, type Machine, startMachine } from './machine.ts'
import { advertiseRouter } from './router.ts'

const BOOT_TIMEOUT_MS = 240_000
const startedMs = Date.now()
const { values: options } = parseArgs({
  options: {
    directory: { type: 'string', default: '/var/tmp/liteboot-demo' },
    keep: { type: 'boolean', default: false },
  },
})
const directory = options.directory
const state = join(directory, 'state')
const runDirectory = join(directory, 'run')
const paths = sitePaths(directory)
const outcomes: CheckOutcome[] = []

function say(text: string): void {
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(0).padStart(4)
  process.stdout.write(`${seconds}s  ${text}\n`)
}

function showOutcome(outcome: CheckOutcome): void {
  process.stdout.write(`       ${outcome.passed ? 'ok  ' : 'FAIL'} ${outcome.check.title}\n`)
  if (!outcome.passed) {
    const expected =
      typeof outcome.check.expect === 'string' ? JSON.stringify(outcome.check.expect) : String(outcome.check.expect)
    process.stdout.write(`            expected ${expected}\n            found    ${JSON.stringify(outcome.output)}\n`)
  }
}

function judge(item: Check, output: string): void {
  const outcome = judgeCheck(item, output)
  outcomes.push(outcome)
  showOutcome(outcome)
}

async function check(machine: Machine, title: string, checks: readonly Check[]): Promise<void> {
  say(`${machine.name}: ${title}`)
  outcomes.push(...(await runChecks(machine.console, checks, showOutcome)))
}

async function command(args: readonly string[], shown = true): Promise<string> {
  const outcome = await liteboot(state, args)
  if (shown)
    process.stdout.write(`       # ${args.map((word) => (/[\s$|()]/.test(word) ? `'${word}'` : word)).join(' ')}\n`)
  if (outcome.status !== 0)
    throw new Error(`${args.join(' ')}: exit status ${outcome.status}\n${outcome.stderr}${outcome.stdout}`)
  return outcome.stdout
}

function buildRoot(): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('sh', [join(import.meta.dirname, 'demo/build-root.sh'), paths.image], {
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    child.once('error', reject)
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`building the root failed (${code})`))))
  })
}

async function login(machine: Machine, since: number): Promise<void> {
  await machine.console.login('root', 'liteboot', BOOT_TIMEOUT_MS)
  await loadFunctions(machine.console)
  say(`${machine.name}: logged in, ${((Date.now() - since) / 1000).toFixed(0)} s after power-on`)
}

async function demonstrate(cleanUps: CleanUps): Promise<void> {
  const [first, second] = NODES
  say('building a Debian 12 root file system from Debian packages')
  for (const name of ['state', 'run', 'lite', 'persistent'])
    rmSync(join(directory, name), { recursive: true, force: true })
  mkdirSync(runDirectory, { recursive: true })
  mkdirSync(state, { recursive: true, mode: 0o700 })
  await buildRoot()

  say('filling the tables')
  writeTree(paths)
  for (const words of siteCommands(paths)) await command(words)

  say('liteimg: preparing the image')
  // The image may have been prepared by an earlier run: undo that first, then give it content of its own.
  addImageContent(paths)
  process.stdout.write((await command(['liteimg', IMAGE])).replace(/^/gm, '       '))
  process.stdout.write((await command(['nodeset', 'compute', `osimage=${IMAGE}`])).replace(/^/gm, '       '))

  say('starting the server in a private network')
  const accelerator = await findAccelerator()
  const lab = await openLab(`${SERVER}/16`)
  cleanUps.add(() => lab.close())
  cleanUps.add(await advertiseRouter(lab))
  const serverLog = join(runDirectory, 'server.log')
  let server = await startServer(lab, state, serverLog)
  cleanUps.add(() => server.close())

  const power = async (node: { name: string; mac: string }) => {
    const machine = await startMachine(lab, { ...node, memoryMiB: 640, directory: runDirectory, accelerator })
    cleanUps.add(() => machine.close())
    say(`${node.name}: power on (${accelerator}), console in ${join(runDirectory, `${node.name}.console.log`)}`)
    return machine
  }

  let powered = Date.now()
  let one = await power(first)
  await login(one, powered)
  await check(one, 'every option, as the tables say', firstBootChecks(first.name, first.ip))
  const machineId = (await one.console.command('cat /etc/machine-id')).output.trim()

  powered = Date.now()
  const two = await power(second)
  await login(two, powered)
  await check(two, 'sees nothing of the first node', otherNodeChecks(SERVER, join(paths.persistent, first.name)))
  await two.close()

  say('killing the server (-9) under the running node')
  await server.kill9()
  // Everything below / is revalidated by the node, so this waits until the server is back, and then goes through.
  const waiting = one.console.command("echo 'begun while the server was away' >>/root/kept", 120_000)
  await new Promise((resolve) => setTimeout(resolve, 3000))
  server = await startServer(lab, state, serverLog)
  await waiting
  await check(one, 'goes on after the restart', restartChecks())

  say(`${first.name}: power cycle`)
  // What the node wrote must be on the server before the plug is pulled.
  await one.console.command('sync')
  await one.close()
  powered = Date.now()
  one = await power(first)
  await login(one, powered)
  await check(
    one,
    'persistent content stayed, tmpfs content is gone',
    rebootChecks(machineId).map((item) =>
      item.script === 'cat /root/kept' ? { ...item, expect: 'written\nbegun while the server was away\nagain' } : item,
    ),
  )

  await one.close()
  await forgetLiteimg(second.name, () => power(second))

  say('the timeline of the last boot')
  process.stdout.write(await command(['timeline', second.name]))
}

/** The most usual slip: the table is edited, liteimg is not run. The boot must stop, say why, and go on by itself. */
async function forgetLiteimg(node: string, power: () => Promise<Machine>): Promise<void> {
  await command(['chtab', 'image=ALL,file=/etc/late', 'litefile.options=tmpfs'])
  const machine = await power()
  const deadline = Date.now() + 120_000
  let timeline = ''
  while (Date.now() < deadline && !/^failed at root/m.test(timeline)) {
    await new Promise((resolve) => setTimeout(resolve, 1000))
    timeline = await command(['timeline', node], false)
  }
  judge(
    {
      title: 'an edit without liteimg stops the boot; the timeline says where and why',
      script: '',
      expect: /^failed at root: .*run liteimg/m,
    },
    timeline.split('\n').slice(-4).join('\n'),
  )
  process.stdout.write(timeline.trimEnd().split('\n').slice(-2).join('\n').replace(/^/gm, '       '))
  process.stdout.write('\n')
  // The nodes whose connections are still open must be named: one waits, the other lost its power a moment ago.
  await command(['liteimg', IMAGE, '--force', NODES.map(({ name }) => name).join(',')])
  await login(machine, Date.now())
  await check(machine, 'went on by itself after liteimg', [
    { title: '/etc/late is writable now', script: 'echo late >/etc/late; cat /etc/late', expect: 'late' },
  ])
}

const cleanUps = new CleanUps()
let failure: unknown
try {
  await demonstrate(cleanUps)
} catch (error) {
  failure = error
}
await cleanUps.run()
const failed = outcomes.filter((outcome) => !outcome.passed).length
if (failure) process.stdout.write(`\ndemo: ${failure instanceof Error ? failure.message : String(failure)}\n`)
if (!options.keep && !failure && failed === 0) rmSync(state, { recursive: true, force: true })
say(
  `${outcomes.length - failed} checks passed, ${failed} failed${failure ? ', and the demonstration was cut short' : ''}`,
)
process.stdout.write(`\n${outcomes.length - failed} passed, ${failed + (failure ? 1 : 0)} failed\n`)
process.exitCode = failure || failed > 0 ? 1 : 0
