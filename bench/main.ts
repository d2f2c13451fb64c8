/**
 * `npm run bench`: liteboot beside its peers, in namespaces of its own.
 *
 *   bench/run.sh [--quick] [--only dhcp,tftp,http,nfs,memory,tables,commands,image] [--output FILE]
 *
 * A full run writes bench/RESULTS.md; --quick (a smoke test) and --only print the report unless --output is given.
 * `--only commands` and `--only image`: with --output each renews its own section of the file and no other.
 */
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { CleanUps } from '../vm-harness/liteboot.ts'
import { type CommandsOutcome, measureCommands, requireCommands } from './commands.ts'
import { renderCommands, replaceSection } from './commands-report.ts'
import { type Outcome, runContest } from './contest.ts'
import { dhcpSuite } from './dhcp.ts'
import { httpSuite } from './http.ts'
import { measureImages, renderImages } from './image.ts'
import { describeMachine } from './machine.ts'
import { type MemoryOutcome, measureMemory } from './memory.ts'
import { nfsSuite } from './nfs.ts'
import { residentMemory, type ServerProcess } from './processes.ts'
import { type Profile, profileContest } from './profile.ts'
import { renderReport, type ServiceReport } from './report.ts'
import { startLiteboot } from './server.ts'
import { type BenchSite, fillTables, sitePaths, writeFiles } from './site.ts'
import type { Suite } from './suite.ts'
import { tftpSuite } from './tftp.ts'
import { openWire, removeStaleWires, type Wire } from './wire.ts'

const SUITES: readonly Suite[] = [dhcpSuite, tftpSuite, nfsSuite, httpSuite]
const startedMs = performance.now()
const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    output: { type: 'string' },
  },
})
const wanted = options.only?.toLowerCase().split(',')
const wants = (name: string) => wanted === undefined || wanted.includes(name.toLowerCase())
const rounds = options.quick ? 1 : 5
const seconds = options.quick ? 1 : 1.6

function say(text: string): void {
  process.stdout.write(`${((performance.now() - startedMs) / 1000).toFixed(0).padStart(4)}s  ${text}\n`)
}

interface Bench {
  readonly site: BenchSite
  readonly scratch: string
  /** Filled tables; every server gets a copy. */
  readonly state: string
  readonly cleanUps: CleanUps
}

interface Running {
  readonly wire: Wire
  readonly pid: number
  close(): Promise<void>
}

/** A liteboot of its own on a wire of its own. */
async function openLiteboot({ scratch, state, cleanUps }: Bench, name: string): Promise<Running> {
  const own = join(scratch, `state-${name}`)
  cpSync(state, own, { recursive: true })
  const wire = await openWire()
  cleanUps.add(() => wire.close())
  const server = await startLiteboot({ wire, state: own, logFile: join(scratch, `${name}.log`) })
  cleanUps.add(() => server.close())
  return {
    wire,
    pid: server.pid,
    async close() {
      await server.close()
      await wire.close()
    },
  }
}

function showOutcome({ contest, figures, ratio, judgedBy, met }: Outcome): void {
  const values = figures.map(({ name, spread }) => `${name} ${spread.median.toPrecision(4)}`).join(', ')
  say(`  ${contest.title}: ${values} ${contest.unit}; ${ratio.median.toFixed(2)} × ${judgedBy}${met ? '' : ' MISSED'}`)
}

async function runSuite(suite: Suite, bench: Bench, liteboot: Running): Promise<ServiceReport> {
  say(suite.name)
  const peers: ServerProcess[] = []
  const wires: Wire[] = []
  const outcomes: Outcome[] = []
  const profiles: Profile[] = []
  const close = async () => {
    for (const peer of peers.splice(0)) await peer.close()
    for (const wire of wires.splice(0)) await wire.close()
  }
  bench.cleanUps.add(close)
  try {
    const contests = await suite.open({
      site: bench.site,
      scratch: bench.scratch,
      seconds,
      quick: options.quick,
      liteboot,
      async openWire() {
        const wire = await openWire()
        wires.push(wire)
        return wire
      },
      keep(server) {
        peers.push(server)
        return server
      },
    })
    for (const contest of contests) {
      const outcome = await runContest(contest, rounds)
      showOutcome(outcome)
      outcomes.push(outcome)
    }
  } finally {
    await close()
  }
  if (!options.quick) {
    for (const { contest } of outcomes.filter(({ met }) => !met)) {
      say(`  profile: ${contest.title}`)
      profiles.push(await profileContest(contest, bench.state, bench.scratch))
    }
  }
  return { name: suite.name, method: suite.method, outcomes, profiles }
}

async function runMemory(bench: Bench): Promise<MemoryOutcome> {
  say('memory')
  const server = await openLiteboot(bench, 'memory')
  const outcome = await measureMemory(server.wire, server.pid)
  await server.close()
  for (const { title, nowMb } of outcome.stages) say(`  ${title}: ${nowMb.toFixed(0)} MB`)
  return outcome
}

async function runTables(): Promise<string> {
  say('tables')
  const script = join(import.meta.dirname, 'tables.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    script,
    '10000',
  ])
  return stdout
}

async function runCommands(scratch: string, cleanUps: CleanUps): Promise<string> {
  say('commands')
  await requireCommands()
  const outcomes: CommandsOutcome[] = []
  for (const nodes of options.quick ? [1000] : [1000, 10_000, 100_000]) {
    const outcome = await measureCommands(nodes, scratch, rounds, cleanUps)
    outcomes.push(outcome)
    for (const { title, spread, unit } of outcome.figures)
      say(`  ${nodes} nodes, ${title}: ${spread.median.toFixed(0)} ${unit}`)
  }
  return renderCommands(outcomes, await describeMachine(), new Date().toISOString().slice(0, 10), rounds)
}

/** Figures of the commands alone: no peers, no files, a section of its own. */
async function runCommandsOnly(cleanUps: CleanUps): Promise<void> {
  await removeStaleWires()
  const scratch = mkdtempSync(join(tmpdir(), 'liteboot-bench-'))
  cleanUps.add(() => rmSync(scratch, { recursive: true, force: true }))
  const section = await runCommands(scratch, cleanUps)
  if (options.output === undefined) process.stdout.write(`\n${section}`)
  else {
    writeFileSync(options.output, replaceSection(readFileSync(options.output, 'utf8'), section))
    say(`written: ${options.output}`)
  }
}

/** Packing, generations, liteimg: no servers, a section of its own. */
async function runImagesOnly(cleanUps: CleanUps): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'liteboot-bench-'))
  cleanUps.add(() => rmSync(scratch, { recursive: true, force: true }))
  const section = renderImages(await measureImages(scratch, options.quick, say), availableParallelism())
  if (options.output === undefined) process.stdout.write(`\n${section}`)
  else {
    writeFileSync(options.output, replaceSection(readFileSync(options.output, 'utf8'), section, '## Images'))
    say(`written: ${options.output}`)
  }
}

async function runAll(cleanUps: CleanUps): Promise<void> {
  const machine = await describeMachine()
  await removeStaleWires()
  const scratch = mkdtempSync(join(tmpdir(), 'liteboot-bench-'))
  cleanUps.add(() => rmSync(scratch, { recursive: true, force: true }))
  const bench = { site: sitePaths(scratch), scratch, state: join(scratch, 'state'), cleanUps }
  say(`files and tables in ${scratch}`)
  writeFiles(bench.site)
  await fillTables(bench.site, bench.state)

  const memory = wants('memory') ? await runMemory(bench) : undefined
  const services: ServiceReport[] = []
  const suites = SUITES.filter(({ name }) => wants(name))
  let highestMb: number | undefined
  if (suites.length > 0) {
    const liteboot = await openLiteboot(bench, 'liteboot')
    for (const suite of suites) services.push(await runSuite(suite, bench, liteboot))
    highestMb = residentMemory(liteboot.pid).highestMb
    await liteboot.close()
  }
  const tables = wants('tables') && !options.quick ? await runTables() : undefined
  const commands = wants('commands') && !options.quick ? await runCommands(scratch, cleanUps) : undefined
  const text = renderReport({
    machine,
    date: new Date().toISOString().slice(0, 10),
    command: ['npm run bench', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(' '),
    rounds,
    seconds,
    minutes: (performance.now() - startedMs) / 60_000,
    services,
    memory,
    highestMb: suites.length === SUITES.length ? highestMb : undefined,
    tables,
    commands,
  })
  const whole = !options.quick && wanted === undefined
  const file = options.output ?? (whole ? join(import.meta.dirname, 'RESULTS.md') : undefined)
  if (file === undefined) process.stdout.write(`\n${text}`)
  else {
    writeFileSync(file, text)
    say(`written: ${file}`)
  }
}

const cleanUps = new CleanUps()
// npm and timeout(1) pass a signal on that the terminal has sent already: the second one must not cut the clean-up short.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
try {
  if (options.only === 'commands') await runCommandsOnly(cleanUps)
  else if (options.only === 'image') await runImagesOnly(cleanUps)
  else await runAll(cleanUps)
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
await cleanUps.run()
