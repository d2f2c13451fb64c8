/**
 * The frame of every rehearsal in virtual machines: a directory of its own, liteboot's commands, one lab with one server,
 * machines that are switched on and logged in to, and a verdict on everything that was looked at. It knows no subject:
 * which image, which tables and what to look at is the scenario's.
 *
 *   await rehearse('ramdisk', async (rehearsal) => { … })
 *
 * Every scenario takes `--keep` (leaves its directory), `--directory DIR`, `--results FILE` (one line of JSON for each thing it
 * has to tell, in a file that it begins anew), and words of its own.
 */
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Check, type CheckOutcome, judgeCheck, loadFunctions, runChecks } from './demo/checklist.ts'
import { type Lab, openLab } from './lab.ts'
import { CleanUps, liteboot, type RunningServer, startServer } from './liteboot.ts'
import { findAccelerator, type Machine, type MachineOptions, startMachine } from './machine.ts'
import { advertiseRouter } from './router.ts'

const BOOT_TIMEOUT_MS = 300_000

/** What of a machine the frame does not choose itself. */
export type MachineWish = Pick<MachineOptions, 'name' | 'mac'> &
  Partial<Omit<MachineOptions, 'directory' | 'accelerator' | 'name' | 'mac'>>

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const seconds = (sinceMs: number) => ((Date.now() - sinceMs) / 1000).toFixed(0)
const indented = (text: string) => text.replace(/^(?=.)/gm, '       ')
const quoted = (word: string) => (/[\s$|();]/.test(word) ? `'${word}'` : word)

export class Rehearsal {
  readonly name: string
  readonly directory: string
  /** The state directory of liteboot. */
  readonly state: string
  /** Logs, console sockets, disks. */
  readonly runDirectory: string
  /** Words of the command line that are no options. */
  readonly words: readonly string[]
  readonly cleanUps = new CleanUps()
  readonly #results: string | undefined
  passed = 0
  failed = 0
  readonly #startedMs = Date.now()
  readonly #poweredMs = new WeakMap<Machine, number>()
  #lab: Lab | undefined
  #server: RunningServer | undefined
  #accelerator = ''

  constructor(name: string, directory: string, words: readonly string[], results?: string) {
    this.name = name
    this.directory = directory
    this.words = words
    this.state = join(directory, 'state')
    this.runDirectory = join(directory, 'run')
    this.#results = results
    if (results !== undefined) writeFileSync(results, '')
  }

  say(text: string): void {
    process.stdout.write(`${seconds(this.#startedMs).padStart(4)}s  ${text}\n`)
  }

  /** Empty tables, an empty directory for logs, and nothing of an earlier run in `more`, which are names below the directory. */
  begin(...more: readonly string[]): void {
    for (const name of ['state', 'run', ...more]) rmSync(join(this.directory, name), { recursive: true, force: true })
    mkdirSync(this.runDirectory, { recursive: true })
    mkdirSync(this.state, { recursive: true, mode: 0o700 })
  }

  /** One of liteboot's commands, which must succeed. */
  async command(...words: readonly string[]): Promise<string> {
    process.stdout.write(`       # ${words.map(quoted).join(' ')}\n`)
    return this.quiet(...words)
  }

  /** The same, with its answer printed. */
  async shown(...words: readonly string[]): Promise<string> {
    const output = await this.command(...words)
    process.stdout.write(indented(output))
    return output
  }

  /** The same, with nothing printed: for what is asked again and again. */
  async quiet(...words: readonly string[]): Promise<string> {
    const outcome = await liteboot(this.state, words)
    if (outcome.status !== 0)
      throw new Error(`${words.join(' ')}: exit status ${outcome.status}\n${outcome.stderr}${outcome.stdout}`)
    return outcome.stdout
  }

  /** @param expect the exact text, or a pattern for it */
  judge(title: string, expect: string | RegExp, output: string): boolean {
    const outcome = judgeCheck({ title, script: '', expect }, output)
    this.#count(outcome)
    return outcome.passed
  }

  /** Runs each inside the guest. @returns what each printed */
  async look(machine: Machine, checks: readonly Check[]): Promise<string[]> {
    const outcomes = await runChecks(machine.console, checks, (outcome) => this.#count(outcome))
    return outcomes.map(({ output }) => output)
  }

  #count({ check, output, passed }: CheckOutcome): void {
    if (passed) this.passed++
    else this.failed++
    process.stdout.write(`       ${passed ? 'ok  ' : 'FAIL'} ${check.title}\n`)
    if (passed) return
    const expected = typeof check.expect === 'string' ? JSON.stringify(check.expect) : String(check.expect)
    process.stdout.write(`            expected ${expected}\n            found    ${JSON.stringify(output)}\n`)
  }

  /** A private network with a server in it. @param address of the server, with prefix length */
  async open(address: string): Promise<Lab> {
    this.#accelerator = await findAccelerator()
    this.say(`starting the server in a private network; machines run with ${this.#accelerator}`)
    const lab = await openLab(address)
    this.#lab = lab
    this.cleanUps.add(() => lab.close())
    this.cleanUps.add(await advertiseRouter(lab))
    await this.startServer()
    this.cleanUps.add(() => this.#server?.close())
    return lab
  }

  async startServer(): Promise<void> {
    this.#server = await startServer(this.#opened(), this.state, join(this.runDirectory, 'server.log'))
  }

  get serverPid(): number {
    if (this.#server === undefined) throw new Error('the server does not run yet')
    return this.#server.pid
  }

  /** The way a crash looks. */
  async killServer(): Promise<void> {
    await this.#server?.kill9()
  }

  #opened(): Lab {
    if (this.#lab === undefined) throw new Error('the private network is not open yet')
    return this.#lab
  }

  async power(wish: MachineWish): Promise<Machine> {
    const powered = Date.now()
    const options = { ...wish, directory: this.runDirectory, accelerator: this.#accelerator }
    const machine = await startMachine(this.#opened(), options)
    this.cleanUps.add(() => machine.close())
    this.#poweredMs.set(machine, powered)
    return machine
  }

  /** Waits for the login prompt and logs in. */
  async login(machine: Machine): Promise<Machine> {
    await machine.console.login('root', 'liteboot', BOOT_TIMEOUT_MS)
    await loadFunctions(machine.console)
    this.say(`${machine.name}: logged in, ${this.secondsSincePower(machine)} s after power-on`)
    return machine
  }

  async boot(wish: MachineWish): Promise<Machine> {
    return this.login(await this.power(wish))
  }

  /** Since the machine was switched on, whole seconds. */
  secondsSincePower(machine: Machine): number {
    return Number(seconds(this.#poweredMs.get(machine) ?? Date.now()))
  }

  /** With the date of today. */
  record(result: object): void {
    if (this.#results === undefined) return
    const date = new Date().toISOString().slice(0, 10)
    appendFileSync(this.#results, `${JSON.stringify({ ...result, date })}\n`)
  }

  /** Prints the last boot's and returns it. */
  async timeline(node: string): Promise<string> {
    return this.shown('timeline', node)
  }

  async until<T>(what: string, look: () => Promise<T | undefined> | T | undefined, limitMs = 120_000): Promise<T> {
    const deadline = Date.now() + limitMs
    for (;;) {
      const found = await look()
      if (found !== undefined) return found
      if (Date.now() > deadline) throw new Error(`not within ${limitMs / 1000} s: ${what}`)
      await wait(500)
    }
  }

  /** Until the last boot's timeline has it. @returns the timeline */
  async untilTimeline(node: string, pattern: RegExp, limitMs = BOOT_TIMEOUT_MS): Promise<string> {
    const look = async () => {
      const timeline = await this.quiet('timeline', node)
      return pattern.test(timeline) ? timeline : undefined
    }
    return this.until(`${pattern} in the timeline of ${node}`, look, limitMs)
  }
}

/** Runs one to its end, whatever happens in it: the clean-up, the verdict, and exit status 1 where anything failed. */
export async function rehearse(name: string, act: (rehearsal: Rehearsal) => Promise<void>): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      directory: { type: 'string', default: join('/var/tmp', `liteboot-${basename(name)}`) },
      keep: { type: 'boolean', default: false },
      results: { type: 'string' },
    },
  })
  const rehearsal = new Rehearsal(name, values.directory, positionals, values.results)
  let fault: unknown
  try {
    await act(rehearsal)
  } catch (error) {
    fault = error
  }
  await rehearsal.cleanUps.run()
  if (fault) process.stdout.write(`\n${name}: ${fault instanceof Error ? fault.message : String(fault)}\n`)
  const failed = rehearsal.failed + (fault ? 1 : 0)
  if (failed === 0 && !values.keep) rmSync(values.directory, { recursive: true, force: true })
  if (failed > 0) process.stdout.write(`logs and consoles are in ${rehearsal.runDirectory}\n`)
  rehearsal.say(`${name} is done`)
  process.stdout.write(`\n${rehearsal.passed} passed, ${failed} failed\n`)
  process.exitCode = failed > 0 ? 1 : 0
}
