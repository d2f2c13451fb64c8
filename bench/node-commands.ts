/**
 * How long the node commands take from the shell: `node bench/node-commands.ts [nodes …]` (default 1,000, 10,000 and
 * 100,000). Nodes are in 100 groups, with value patterns in the groups' rows. Each command is a process of its own, from its
 * start to its exit; medians in milliseconds, without a server and with one. No privileges, no network.
 */
import { fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { openMethods } from '../src/api/methods/index.ts'
import { readPlaces } from '../src/api/places.ts'
import { openApiServer } from '../src/api/server.ts'
import { openNodeAnswers } from '../src/boot/node-answers.ts'
import { openCluster } from '../src/cluster/cluster.ts'
import { openSqliteStore, pollWithTimer } from '../src/store/sqlite.ts'
import { expandNodeRange } from '../src/tables/noderange.ts'
import { createResolver } from '../src/tables/resolve.ts'

const GROUPS = 100
const ROUNDS = 5
const MAIN = join(import.meta.dirname, '..', 'src', 'main.ts')

function macOf(number: number): string {
  return `02:00:00:${[16, 8, 0].map((shift) => ((number >> shift) & 255).toString(16).padStart(2, '0')).join(':')}`
}

function fill(path: string, nodes: number): void {
  const store = openSqliteStore({ path })
  const numbers = Array.from({ length: nodes }, (_, at) => at + 1)
  const groups = Array.from({ length: GROUPS }, (_, at) => `rack${at}`)
  store.transact(
    (transaction) => {
      const replace = (table: string, rows: Record<string, string>[]) => transaction.replaceTable(table, rows)
      replace(
        'nodelist',
        numbers.map((number) => ({ node: `n${number}`, groups: `rack${number % GROUPS},compute,all` })),
      )
      replace(
        'mac',
        numbers.map((number) => ({ node: `n${number}`, mac: macOf(number) })),
      )
      replace('hosts', [{ node: 'all', ip: String.raw`|\D+(\d+)|10.($1/62500).($1/250%250).($1%250+1)|` }])
      replace(
        'noderes',
        groups.map((node) => ({ node, netboot: 'xnba', xcatmaster: '10.0.0.1' })),
      )
      replace(
        'ipmi',
        groups.map((node) => ({ node, bmc: '|10.200.($1/250).($1%250+1)|' })),
      )
      replace('nodehm', [{ node: 'compute', mgt: 'ipmi' }])
      replace('nodetype', [{ node: 'compute', provmethod: 'img', arch: 'x86_64', os: 'rhels9.2' }])
      replace('networks', [{ netname: 'all', net: '10.0.0.0', mask: '255.0.0.0' }])
      replace('nodegroup', [
        { groupname: 'dynamic', grouptype: 'dynamic', members: 'dynamic', wherevals: 'mgt==ipmi::os=~rhels' },
      ])
    },
    { author: 'bench' },
  )
  store.close()
}

/** The API as `liteboot serve` offers it, without the services of the network. */
async function serve(state: string): Promise<void> {
  const places = readPlaces({ LITEBOOT_STATE: state })
  const store = openSqliteStore({ path: places.tables, poll: pollWithTimer })
  const cluster = openCluster(store)
  const answers = openNodeAnswers({
    addresses: ['10.0.0.1'],
    httpPort: undefined,
    nfs: { port: 2049, mountPort: 2049 },
  })
  const methods = openMethods({
    store,
    timelineFile: places.timeline,
    compiled: async () => ({ snapshot: await cluster.waitFor(store.revision), answers }),
    live: async (revision) => (await cluster.waitFor(revision)).number,
  })
  const server = await openApiServer(places.socket, methods)
  process.once('disconnect', async () => {
    await server.close()
    cluster.close()
    store.close()
  })
  process.send?.('ready')
}

function median(times: readonly number[]): number {
  return Math.round([...times].sort((a, b) => a - b)[times.length >> 1] ?? 0)
}

function timeCommand(state: string, words: (round: number) => readonly string[]): number {
  const times = Array.from({ length: ROUNDS }, (_, round) => {
    const start = performance.now()
    const { status, stderr } = spawnSync(process.execPath, [MAIN, ...words(round)], {
      env: { ...process.env, LITEBOOT_STATE: state },
      encoding: 'utf8',
      maxBuffer: 1 << 30,
    })
    if (status !== 0) throw new Error(`${words(round).join(' ')}: ${stderr}`)
    return performance.now() - start
  })
  return median(times)
}

function commands(nodes: number): Record<string, (round: number) => readonly string[]> {
  const range = `n[1-${nodes}]`
  return {
    'liteboot --version': () => ['--version'],
    'lsdef n7': () => ['lsdef', 'n7'],
    'nodels n7': () => ['nodels', 'n7'],
    'nodels all': () => ['nodels', 'all'],
    [`nodels '${range}'`]: () => ['nodels', range],
    'nodels all noderes.netboot nodetype.os': () => ['nodels', 'all', 'noderes.netboot', 'nodetype.os'],
    'nodels all hosts.ip -b --json': () => ['nodels', 'all', 'hosts.ip', '-b', '--json'],
    'nodels all hosts.ip=~250$': () => ['nodels', 'all', 'hosts.ip=~250$'],
    'nodels dynamic@rack7': () => ['nodels', 'dynamic@rack7'],
    'gennr --fold all': () => ['gennr', '--fold', 'all'],
    'nodech n7 noderes.netboot=…': (round) => ['nodech', 'n7', `noderes.netboot=${round % 2 ? 'pxe' : 'xnba'}`],
    'nodech all nodetype.profile=…': (round) => ['nodech', 'all', `nodetype.profile=p${round}`],
    'nodech all groups,=…': (round) => ['nodech', 'all', `groups,=g${round}`],
    "nodeadd 'x[1-100]' groups=…": (round) => ['nodeadd', `x${round}n[1-100]`, 'groups=all'],
    "noderm 'n[1-100]'": (round) => ['noderm', `x${round}n[1-100]`],
  }
}

function timeRanges(state: string, nodes: number): Record<string, string> {
  const store = openSqliteStore({ path: readPlaces({ LITEBOOT_STATE: state }).tables })
  const texts = [`n[1-${nodes}]`, `n1-n${nodes},-n7`, 'all@rack7', '/n.*7', 'mgt==ipmi', 'dynamic']
  const measured = texts.map((text): [string, string] => {
    const times = Array.from({ length: ROUNDS }, () => {
      const start = performance.now()
      expandNodeRange(text, { view: store, resolver: createResolver(store) }, { verify: true })
      return performance.now() - start
    })
    return [text, `${median(times.map((time) => time * 10)) / 10} ms`]
  })
  store.close()
  return Object.fromEntries(measured)
}

async function measure(nodes: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-bench-'))
  try {
    const [alone, served] = [join(directory, 'alone'), join(directory, 'served')]
    for (const state of [alone, served]) fill(readPlaces({ LITEBOOT_STATE: state }).tables, nodes)
    console.log(`\n${nodes} nodes: node ranges, resolved in this process`)
    console.table(timeRanges(alone, nodes))
    const server = fork(import.meta.filename, ['serve', served])
    await once(server, 'message')
    const rows: Record<string, Record<string, number>> = {}
    for (const [name, words] of Object.entries(commands(nodes)))
      rows[name] = { 'no server': timeCommand(alone, words), server: timeCommand(served, words) }
    console.log(`${nodes} nodes: commands, milliseconds from start to exit`)
    console.table(rows)
    server.disconnect()
    await once(server, 'exit')
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const [first, ...others] = process.argv.slice(2)
if (first === 'serve') await serve(others[0] ?? '')
else {
  console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}`)
  const sizes = first === undefined ? [1_000, 10_000, 100_000] : [first, ...others].map(Number)
  for (const nodes of sizes) await measure(nodes)
}
