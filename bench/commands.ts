/**
 * What an administrator waits for, at 1,000, 10,000 and 100,000 nodes: the real `liteboot serve` in a namespace, the real
 * commands from the shell's prompt to their exit.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CleanUps, LITEBOOT, liteboot, type RunningServer } from '../vm-harness/liteboot.ts'
import { type SizedSite, sizedSite } from './commands-site.ts'
import { residentMemory } from './processes.ts'
import { startLiteboot } from './server.ts'
import { type Spread, spreadOf } from './statistics.ts'
import { openWire, SERVER, type Wire } from './wire.ts'

export const TARGET_NODES = 10_000

export interface CommandFigure {
  readonly title: string
  readonly unit: 'ms' | 'MB'
  readonly spread: Spread
  /** At 10,000 nodes. */
  readonly most?: number
}

export interface CommandsOutcome {
  readonly nodes: number
  readonly groups: number
  readonly figures: readonly CommandFigure[]
}

const LIMIT_MS = 120_000

/** From a shell's point of view: nothing of the output is looked at while the clock runs. */
function timed(state: string, args: readonly string[]): Promise<{ ms: number; bytes: number }> {
  return new Promise((resolve, reject) => {
    const startMs = performance.now()
    const child = spawn(LITEBOOT, args, {
      env: { ...process.env, LITEBOOT_STATE: state },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LIMIT_MS,
    })
    let bytes = 0
    let errors = ''
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length
    })
    child.stderr.on('data', (chunk: Buffer) => {
      errors = `${errors}${chunk}`.slice(0, 500)
    })
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve({ ms: performance.now() - startMs, bytes })
      else reject(new Error(`liteboot ${args.join(' ')} ended with ${code}: ${errors}`))
    })
  })
}

const POLL = `
const { get } = require('node:http')
const ask = () => get(process.argv[1], { timeout: 30000 }, (answer) => {
  answer.resume()
  answer.on('end', () => answer.statusCode === 200 ? console.log(Date.now()) : setTimeout(ask, 5))
}).on('error', () => setTimeout(ask, 5))
ask()`

/** Until a node's boot file came over HTTP: by then the tables are read and every node is compiled. */
async function startToFirstAnswer(
  wire: Wire,
  site: SizedSite,
  state: string,
  logFile: string,
): Promise<{ ms: number; server: RunningServer }> {
  const url = `http://${SERVER}/boot/ipxe/${site.last}`
  const poll = wire.client.exec(process.execPath, ['-e', POLL, url], LIMIT_MS)
  // The program that asks is up before the server is.
  await new Promise((resolve) => setTimeout(resolve, 300))
  const startMs = Date.now()
  const server = (await startLiteboot({ wire, state, logFile })) as RunningServer
  const answeredMs = Number(await poll)
  return { ms: answeredMs - startMs, server }
}

async function several(rounds: number, run: (round: number) => Promise<number>): Promise<Spread> {
  const values: number[] = []
  for (let round = 0; round < rounds; round++) values.push(await run(round))
  return spreadOf(values)
}

export async function measureCommands(
  nodes: number,
  scratch: string,
  rounds: number,
  cleanUps: CleanUps,
): Promise<CommandsOutcome> {
  const site = sizedSite(nodes)
  const directory = join(scratch, `commands-${nodes}`)
  const state = join(directory, 'state')
  const dump = join(directory, 'dump')
  mkdirSync(dump, { recursive: true })
  for (const [table, text] of site.tables) writeFileSync(join(dump, `${table}.csv`), text)
  writeFileSync(join(dump, 'liteboot-tables.json'), '{"format":1}\n')
  const figures: CommandFigure[] = []
  const add = (title: string, spread: Spread, most?: number) =>
    figures.push({ title, unit: 'ms', spread, ...(most === undefined ? {} : { most }) })
  const command = (args: readonly string[], least = 0) =>
    several(rounds, async () => {
      const { ms, bytes } = await timed(state, args)
      if (bytes < least) throw new Error(`liteboot ${args.join(' ')} said ${bytes} bytes only`)
      return ms
    })

  const filled = await timed(state, ['restoredb', dump])
  add('`restoredb` of the whole site, no server', spreadOf([filled.ms]))
  const wire = await openWire()
  cleanUps.add(() => wire.close())
  add('`lsdef` of one node, no server', await command(['lsdef', site.last], 100))

  const starts: number[] = []
  let server: RunningServer | undefined
  for (let round = 0; round < Math.min(rounds, 3); round++) {
    await server?.close()
    const started = await startToFirstAnswer(wire, site, state, join(directory, 'server.log'))
    starts.push(started.ms)
    server = started.server
  }
  if (!server) throw new Error('no rounds')
  const running = server
  cleanUps.add(() => running.close())
  add('server start to first answer', spreadOf(starts), 3000)
  const memory = (title: string) => {
    const { nowMb } = residentMemory(running.pid)
    figures.push({ title, unit: 'MB', spread: spreadOf([nowMb]) })
  }
  memory('resident memory after the start')
  const edit = (values: (round: number) => readonly string[]) =>
    several(rounds, async (round) => (await timed(state, values(round))).ms)
  add(
    'group edit live: `chtab` of noderes',
    await edit((round) => ['chtab', 'node=rack7', `noderes.nfsserver=10.77.0.${1 + round}`]),
    1000,
  )
  add(
    'group edit live: `chdef -t group`, moves the addresses',
    await edit((round) => [
      'chdef',
      '-t',
      'group',
      '-o',
      'rack7',
      String.raw`ip=|\D+(\d+)|10.127.${round}.($1%250+1)|`,
    ]),
    1000,
  )
  add(
    'edit of one node live: `chdef`',
    await edit((round) => ['chdef', site.last, `netboot=${round % 2 ? 'pxe' : 'xnba'}`]),
    1000,
  )
  add('`lsdef` of one node', await command(['lsdef', site.last], 100), 150)
  add('`litefile` of one node', await command(['litefile', site.last], 50))
  add('`nodels all`', await command(['nodels', 'all'], nodes * 2), 1000)
  add('`nodels all hosts.ip`', await command(['nodels', 'all', 'hosts.ip'], nodes * 10))
  add('`lsdef all -i ip`', await command(['lsdef', 'all', '-i', 'ip'], nodes * 10))
  add('`lsdef` of a group of 100', await command(['lsdef', 'rack7'], 1000))
  memory('resident memory after all of these')
  await running.close()
  await wire.close()
  rmSync(directory, { recursive: true, force: true })
  return { nodes, groups: site.groups, figures }
}

/** That the commands exist at all, before a minute goes into filling tables. */
export async function requireCommands(): Promise<void> {
  const { status, stderr } = await liteboot('/nonexistent', ['nodels', '--help'])
  if (status !== 0) throw new Error(`liteboot nodels: ${stderr}`)
}
