/**
 * Rehearsals side by side: two at a time, since a third virtual machine on two cores only slows the others. Each one's output
 * is printed when it ends (a single one's as it comes); on a terminal a line shows what runs. At the end what each took, and
 * the sum.
 *
 *   node vm-harness/lanes.ts [--lanes N] name[:word…] …
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

/** Logs and results, kept until the next run. */
const DIRECTORY = '/var/tmp/liteboot-results'
/** No rehearsal takes half as long. */
const LIMIT_MS = 40 * 60_000
/** It cleans up when it is asked to end; then it is ended. */
const CLEAN_UP_MS = 30_000
const ELSEWHERE: Readonly<Record<string, string>> = { 'walk-through': 'walk-through/image.ts' }

interface Rehearsed {
  readonly title: string
  readonly seconds: number
  readonly passed: number
  readonly failed: number
  readonly results: string
}

interface Running {
  readonly child: ChildProcess
  readonly startedMs: number
  lastLine: string
}

const running = new Map<string, Running>()
let isInterrupted = false

function slugOf(title: string): string {
  return title.replaceAll(':', '-')
}

function programOf(name: string): string {
  const program = join(import.meta.dirname, ELSEWHERE[name] ?? `scenarios/${name}.ts`)
  if (!existsSync(program)) throw new Error(`there is no rehearsal ${name}`)
  return program
}

/** @returns what the rehearsal's last line says; an end without one is a failure */
export function countsOf(log: string, status: number | null): Pick<Rehearsed, 'passed' | 'failed'> {
  const [, passed, failed] = /^(\d+) passed, (\d+) failed$/m.exec(log.slice(-200)) ?? []
  const counts = { passed: Number(passed ?? 0), failed: Number(failed ?? 1) }
  return status === 0 || counts.failed > 0 ? counts : { ...counts, failed: 1 }
}

/** @param isAlone nothing else is printed meanwhile */
function rehearse(title: string, isAlone: boolean): Promise<Rehearsed> {
  const [name = '', ...words] = title.split(':')
  const slug = slugOf(title)
  const file = join(DIRECTORY, slug)
  const results = `${file}.jsonl`
  const child = spawn(
    process.execPath,
    [
      ...['--disable-warning=ExperimentalWarning', programOf(name), '--results', results],
      // Of its own: one rehearsal may stand in both lanes, with other words.
      ...['--directory', `/var/tmp/liteboot-${slug}`, ...words],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const state: Running = { child, startedMs: Date.now(), lastLine: '' }
  running.set(title, state)
  const log = createWriteStream(`${file}.log`)
  const take = (chunk: Buffer) => {
    log.write(chunk)
    if (isAlone) process.stdout.write(chunk)
    state.lastLine = chunk.toString().trimEnd().split('\n').at(-1)?.trim() ?? ''
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  const limit = setTimeout(() => endGently(child), LIMIT_MS)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => {
      clearTimeout(limit)
      running.delete(title)
      log.end(() => {
        const text = readFileSync(`${file}.log`, 'utf8')
        clearLine()
        if (!isAlone) process.stdout.write(`\n=== ${title}\n${text}`)
        const seconds = Math.round((Date.now() - state.startedMs) / 1000)
        resolve({ title, seconds, ...countsOf(text, status), results })
      })
    })
  })
}

function endGently(child: ChildProcess): void {
  child.kill('SIGTERM')
  setTimeout(() => child.kill('SIGKILL'), CLEAN_UP_MS).unref()
}

function clearLine(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
}

function showLine(): void {
  const parts = [...running].map(([title, { startedMs, lastLine }]) => {
    const seconds = Math.round((Date.now() - startedMs) / 1000)
    return `${title} ${seconds} s: ${lastLine.slice(0, 40)}`
  })
  clearLine()
  process.stderr.write(parts.join(' | ').slice(0, (process.stderr.columns ?? 80) - 1))
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { lanes: { type: 'string', default: '2' } },
  })
  for (const title of positionals) programOf(title.split(':')[0] ?? '')
  mkdirSync(DIRECTORY, { recursive: true })
  const startedMs = Date.now()
  const waiting = [...positionals]
  const done: Rehearsed[] = []
  const lane = async () => {
    for (let title = waiting.shift(); title !== undefined && !isInterrupted; title = waiting.shift()) {
      process.stdout.write(`--- ${title} begins; its log is ${join(DIRECTORY, `${slugOf(title)}.log`)}\n`)
      done.push(await rehearse(title, positionals.length === 1))
    }
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      isInterrupted = true
      for (const { child } of running.values()) endGently(child)
    })
  const ticker = process.stderr.isTTY && positionals.length > 1 ? setInterval(showLine, 1000) : undefined
  await Promise.all(Array.from({ length: Number(values.lanes) }, lane))
  clearInterval(ticker)
  clearLine()

  process.stdout.write('\n')
  for (const { title, seconds, passed, failed } of done)
    process.stdout.write(`${title}: ${passed} passed, ${failed} failed, ${seconds} s\n`)
  const told = done.map(({ results }) => results).filter((file) => existsSync(file) && statSync(file).size > 0)
  if (told.length > 0) process.stdout.write(`results: node vm-harness/matrix/results.ts ${told.join(' ')}\n`)
  process.stdout.write(`together ${Math.round((Date.now() - startedMs) / 1000)} s\n`)
  const sum = (count: 'passed' | 'failed') => done.reduce((total, each) => total + each[count], 0)
  process.stdout.write(`\n${sum('passed')} passed, ${sum('failed')} failed\n`)
  process.exitCode = isInterrupted ? 130 : sum('failed') > 0 ? 1 : 0
}

if (import.meta.main) await main()
