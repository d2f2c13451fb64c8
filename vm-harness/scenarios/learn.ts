/**
 * Learning mode, in a virtual machine: a boot that may write everywhere, the rows suggested for what it wrote, and a
 * boot with these rows in which the same writes work on the read-only root.
 *
 *   node vm-harness/scenarios/learn.ts [--keep] [--directory DIR]
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Check, judgeCheck, loadFunctions } from '../demo/checklist.ts'
import { openLab } from '../lab.ts'
import { CleanUps, liteboot, startServer } from '../liteboot.ts'
import { findAccelerator, type Machine, startMachine } from '../machine.ts'
import { advertiseRouter } from '../router.ts'

const BOOT_TIMEOUT_MS = 300_000
const SERVER = '10.77.0.1'
const IMAGE = 'learn-lite'
const NODE = { name: 'n1', mac: '52:54:00:77:00:01', ip: '10.77.0.11' } as const
const startedMs = Date.now()
const { values: options } = parseArgs({
  options: {
    directory: { type: 'string', default: '/var/tmp/liteboot-learn' },
    keep: { type: 'boolean', default: false },
  },
})
const { directory } = options
const state = join(directory, 'state')
const runDirectory = join(directory, 'run')
const rootimgdir = join(directory, 'install/netboot/debian12/x86_64/compute')
const root = join(rootimgdir, 'rootimg')
let passed = 0
let failed = 0

function say(text: string): void {
  process.stdout.write(`${((Date.now() - startedMs) / 1000).toFixed(0).padStart(4)}s  ${text}\n`)
}

function judge(item: Check, output: string): void {
  const outcome = judgeCheck(item, output)
  if (outcome.passed) passed++
  else failed++
  process.stdout.write(`       ${outcome.passed ? 'ok  ' : 'FAIL'} ${item.title}\n`)
  if (!outcome.passed) process.stdout.write(`            expected ${item.expect}\n            found    ${output}\n`)
}

async function command(...args: string[]): Promise<string> {
  const outcome = await liteboot(state, args)
  if (outcome.status !== 0)
    throw new Error(`${args.join(' ')}: exit status ${outcome.status}\n${outcome.stderr}${outcome.stdout}`)
  return outcome.stdout
}

async function shown(...args: string[]): Promise<string> {
  const output = await command(...args)
  process.stdout.write(`       # ${args.join(' ')}\n${output.replace(/^(?=.)/gm, '       ')}`)
  return output
}

function buildRoot(): Promise<void> {
  const script = join(import.meta.dirname, '../demo/build-root.sh')
  const child = spawn('sh', [script, rootimgdir, 'chrony,cron'], { stdio: ['ignore', 'inherit', 'inherit'] })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`building the root failed (${code})`))))
  })
}

async function fillTables(): Promise<void> {
  await command('chdef', '-t', 'site', `master=${SERVER}`, 'domain=demo.cluster', `installdir=${directory}/install`)
  await command('mkdef', '-t', 'network', '-o', 'demo', 'net=10.77.0.0', 'mask=255.255.0.0', `tftpserver=${SERVER}`)
  await command(
    ...['mkdef', '-t', 'osimage', '-o', IMAGE, 'imagetype=linux', 'provmethod=statelite', 'osname=Linux'],
    ...['osvers=debian12', 'osarch=x86_64', 'profile=compute', 'rootfstype=nfs', `rootimgdir=${rootimgdir}`],
  )
  await command('mkdef', NODE.name, 'groups=compute,all', `mac=${NODE.mac}`, `ip=${NODE.ip}`)
  await command(
    ...['chdef', '-t', 'group', 'compute', 'arch=x86_64', 'netboot=xnba', 'serialport=0', 'serialspeed=115200'],
  )
  await command('chtab', 'node=compute', `statelite.statemnt=${SERVER}:${directory}/persistent`)
  // One row is there already: what is written below it is none of learning's business.
  await command('chtab', 'image=ALL,file=/var/log/', 'litefile.options=tmpfs')
}

/** What a site's own software does. Works on the overlay, and later on the rows that were suggested for it. */
const WRITES: readonly Check[] = [
  ['a new file in /etc', 'echo 1 >/etc/site-made.conf'],
  ['a file of the image is changed', 'echo 127.0.2.1 more >>/etc/hosts'],
  [
    'a service makes its own state directory',
    'mkdir -p /var/lib/site/db && echo 1 >/var/lib/site/db/one && mv /var/lib/site/db/one /var/lib/site/db/two',
  ],
  [
    'a directory of its own at the top',
    'mkdir -p /data/jobs && echo 1 >/data/jobs/x && rm /data/jobs/x && rmdir /data/jobs && mkdir /data/jobs && echo 2 >/data/jobs/y',
  ],
  ["root's home", 'echo note >>/root/notes'],
  ['logs, which have a row', 'echo line >>/var/log/site.log'],
].map(([title = '', script = '']) => ({
  title: `${title}: writing works`,
  script: `( ${script} ) && echo done`,
  expect: 'done',
}))

const ROOT_KIND = (type: string): Check => ({ title: `the root is ${type}`, script: 'mounted /', expect: type })
const NO_FAILED: Check = {
  title: 'no unit of systemd has failed',
  script:
    'for unit in $(systemctl --no-pager --failed --no-legend --plain | cut -d " " -f 1); do journalctl -b --no-pager -o cat -u "$unit" | tail -n 8; done',
  expect: '',
}

const LEARNING: readonly Check[] = [
  ROOT_KIND('overlay rw'),
  { title: 'the image below it is NFS, read-only', script: 'mounted /run/liteboot/learn/image', expect: 'nfs ro' },
  { title: '/var/log/ is the row that is there', script: 'mounted /var/log', expect: 'tmpfs rw' },
  NO_FAILED,
  { title: 'the reporter runs', script: 'systemctl is-active liteboot-learned.service', expect: 'active' },
  ...WRITES,
  {
    title: 'software can be changed while learning',
    script: 'cp /bin/true /usr/bin/tool && echo done',
    expect: 'done',
  },
  {
    title: 'a service that writes when it is stopped',
    script: `systemd-run -q --unit=late -p RemainAfterExit=yes -p ExecStop="/bin/sh -c 'echo late >/data/late'" /bin/true && echo done`,
    expect: 'done',
  },
  { title: 'the list is sent on demand', script: '/run/liteboot/learned report; echo $?', expect: '0' },
]

const WITH_ROWS: readonly Check[] = [
  ROOT_KIND('nfs ro'),
  NO_FAILED,
  {
    title: 'nothing of the learning boot is there',
    script: 'cat /etc/site-made.conf; ls -A /data /var/lib/site',
    expect: '/data:\n\n/var/lib/site:',
  },
  ...WRITES,
  { title: 'the image itself cannot be written', script: `tries 'append x /usr/bin/tool'`, expect: 'fails' },
  { title: 'every entry is in order', script: '/etc/init.d/statelite status >/dev/null; echo $?', expect: '0' },
  { title: 'no reporter', script: 'systemctl is-active liteboot-learned.service', expect: 'inactive' },
]

async function until(what: string, holds: () => Promise<boolean> | boolean, limitMs = 90_000): Promise<void> {
  const deadline = Date.now() + limitMs
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within ${limitMs / 1000} s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
}

const learnedFile = join(state, 'learned', `${NODE.name}.json`)
const learnedText = () => (existsSync(learnedFile) ? readFileSync(learnedFile, 'utf8') : '')

interface Row {
  readonly file: string
  readonly options: string
}

async function rehearse(cleanUps: CleanUps): Promise<void> {
  for (const name of ['state', 'run', 'persistent']) rmSync(join(directory, name), { recursive: true, force: true })
  mkdirSync(runDirectory, { recursive: true })
  mkdirSync(state, { recursive: true, mode: 0o700 })
  say('building a root file system')
  await buildRoot()
  await fillTables()
  await shown('liteimg', IMAGE)
  await command('nodeset', 'compute', `osimage=${IMAGE}`)
  await shown('nodeset', 'compute', 'learn')

  const accelerator = await findAccelerator()
  const lab = await openLab(`${SERVER}/16`)
  cleanUps.add(() => lab.close())
  cleanUps.add(await advertiseRouter(lab))
  const server = await startServer(lab, state, join(runDirectory, 'server.log'))
  cleanUps.add(() => server.close())
  const boot = async (): Promise<Machine> => {
    const sinceMs = Date.now()
    const machine = await startMachine(lab, { ...NODE, memoryMiB: 640, directory: runDirectory, accelerator })
    cleanUps.add(() => machine.close())
    await machine.console.login('root', 'liteboot', BOOT_TIMEOUT_MS)
    await loadFunctions(machine.console)
    say(`logged in, ${((Date.now() - sinceMs) / 1000).toFixed(0)} s after power-on`)
    return machine
  }
  const check = async (machine: Machine, checks: readonly Check[]) => {
    for (const item of checks)
      judge(item, (await machine.console.command(item.script, 90_000)).output.replace(/\n$/, ''))
  }

  say('a boot that learns')
  const learner = await boot()
  await check(learner, LEARNING)
  judge(
    { title: 'the server calls it learning', script: '', expect: /status=learning/ },
    await command('lsdef', NODE.name, '-i', 'status', '-c'),
  )
  judge(
    { title: 'the timeline too', script: '', expect: /learned .*paths written so far/ },
    await command('timeline', NODE.name),
  )
  say('switching it off: what is written then is learned as well')
  learner.console.write('systemctl poweroff\n')
  await until('the list of the shutdown', () => learnedText().includes('/data/late'))
  judge({ title: 'what a service wrote when it was stopped is in the list', script: '', expect: 'yes' }, 'yes')
  await new Promise((resolve) => setTimeout(resolve, 5000))
  await learner.close()
  judge(
    { title: 'the image is as it was', script: '', expect: 'false false' },
    `${existsSync(join(root, 'data'))} ${existsSync(join(root, 'usr/bin/tool'))}`,
  )

  say('suggested rows')
  await shown('litefile', 'suggest', NODE.name, '--image', 'ALL')
  const told = JSON.parse(await command('suggest', NODE.name, '--json')) as {
    images: { suggestions: Row[]; left: { reason: string; examples: string[] }[] }[]
  }
  const rows = new Map(
    told.images.flatMap(({ suggestions }) => suggestions).map(({ file, options: option }) => [file, option]),
  )
  for (const [file, option] of [
    ['/etc/site-made.conf', 'tmpfs'],
    ['/etc/hosts', 'tmpfs'],
    ['/var/lib/site/', 'persistent'],
    ['/data/', 'persistent'],
    ['/root/', 'persistent'],
    ['/var/lib/systemd/', 'persistent'],
    ['/var/lib/chrony/', 'persistent'],
  ] as const)
    judge({ title: `${file} ${option} is suggested`, script: '', expect: option }, rows.get(file) ?? 'no row')
  judge({ title: '/var/log/ has its row', script: '', expect: 'no row' }, rows.get('/var/log/') ?? 'no row')
  judge(
    { title: 'changed software is no row', script: '', expect: /\/usr\/bin\/tool/ },
    told.images.flatMap(({ left }) => left.flatMap(({ reason, examples }) => `${reason}: ${examples}`)).join('\n'),
  )
  await shown('litefile', 'suggest', NODE.name, '--add')
  judge(
    { title: 'then nothing is missing', script: '', expect: /no row is missing/ },
    await command('suggest', NODE.name),
  )
  // ConfigurationDirectory=chrony: mkdir of a directory that is there answers "read-only" on NFS, and nothing was written.
  await command('chtab', 'image=ALL,file=/etc/chrony/', 'litefile.options=tmpfs')
  await shown('liteimg', IMAGE, '--force', NODE.name)
  await shown('nodeset', 'compute', 'osimage')

  say('a boot with these rows')
  const machine = await boot()
  await check(machine, WITH_ROWS)
  judge(
    { title: 'it is not learning any more', script: '', expect: /status=booted/ },
    await command('lsdef', NODE.name, '-i', 'status', '-c'),
  )
}

const cleanUps = new CleanUps()
let failure: unknown
try {
  await rehearse(cleanUps)
} catch (error) {
  failure = error
}
await cleanUps.run()
if (failure) process.stdout.write(`\nlearn: ${failure instanceof Error ? failure.message : String(failure)}\n`)
if (!options.keep && !failure && failed === 0) rmSync(directory, { recursive: true, force: true })
say(`${passed} passed, ${failed + (failure ? 1 : 0)} failed`)
process.exitCode = failure || failed > 0 ? 1 : 0
