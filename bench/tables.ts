/**
 * How long the tables take at scale: `node bench/tables.ts [nodes]` (default 1,000, 10,000 and 100,000 nodes in 100 groups
 * with pattern rows). Figures are medians of several rounds, in milliseconds.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCluster } from '../src/cluster/cluster.ts'
import type { MacAddress } from '../src/cluster/model.ts'
import { openSqliteStore } from '../src/store/sqlite.ts'
import type { Store } from '../src/store/store.ts'
import { checkTables } from '../src/tables/checks.ts'
import { expandNodeRange } from '../src/tables/noderange.ts'
import { createResolver } from '../src/tables/resolve.ts'

const GROUPS = 100
const ROUNDS = 7

function macOf(number: number): string {
  return `02:00:00:${[16, 8, 0].map((shift) => ((number >> shift) & 255).toString(16).padStart(2, '0')).join(':')}`
}

function fill(store: Store, nodes: number): void {
  const numbers = Array.from({ length: nodes }, (_, at) => at + 1)
  const groups = Array.from({ length: GROUPS }, (_, at) => `rack${at}`)
  store.transact(
    (transaction) => {
      transaction.replaceTable(
        'nodelist',
        numbers.map((number) => ({ node: `n${number}`, groups: `rack${number % GROUPS},compute,all` })),
      )
      transaction.replaceTable(
        'mac',
        numbers.map((number) => ({ node: `n${number}`, mac: macOf(number) })),
      )
      transaction.replaceTable('hosts', [
        { node: 'all', ip: String.raw`|\D+(\d+)|10.($1/62500).($1/250%250).($1%250+1)|` },
      ])
      transaction.replaceTable(
        'noderes',
        groups.map((node) => ({ node, netboot: 'xnba', xcatmaster: '10.0.0.1' })),
      )
      transaction.replaceTable(
        'ipmi',
        groups.map((node) => ({ node, bmc: '|10.200.($1/250).($1%250+1)|' })),
      )
      transaction.replaceTable('nodetype', [{ node: 'compute', provmethod: 'img', arch: 'x86_64' }])
      transaction.replaceTable('networks', [{ netname: 'all', net: '10.0.0.0', mask: '255.0.0.0' }])
    },
    { author: 'bench' },
  )
}

async function median(run: (round: number) => unknown): Promise<string> {
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now()
    await run(round)
    times.push(performance.now() - start)
  }
  return (times.sort((a, b) => a - b)[ROUNDS >> 1] ?? 0).toFixed(1)
}

async function measure(nodes: number): Promise<Record<string, string>> {
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-bench-'))
  const path = join(directory, 'liteboot.db')
  const store = openSqliteStore({ path })
  const start = performance.now()
  fill(store, nodes)
  const filled = (performance.now() - start).toFixed(1)
  const cluster = openCluster(store)
  const edit = async (
    table: string,
    keys: Record<string, string>,
    values: Record<string, string>,
    checked: boolean,
  ) => {
    const options = checked ? { author: 'bench', checkers: [checkTables] } : { author: 'bench' }
    const { revision, committed, findings } = store.transact(
      (transaction) => transaction.setRows(table, keys, values),
      options,
    )
    if (!committed) throw new Error(findings[0]?.message)
    await cluster.waitFor(revision)
  }
  const last = `n${nodes}`
  const result = {
    'fill the tables': filled,
    'open the store': await median(() => openSqliteStore({ path }).close()),
    'compile from scratch': await median(() => openCluster(store).close()),
    'group edit (noderes) live, checked': await median((round) =>
      edit('noderes', { node: 'rack7' }, { netboot: round % 2 ? 'pxe' : 'xnba' }, true),
    ),
    'group edit (hosts, moves addresses) live, checked': await median((round) =>
      edit('hosts', { node: 'rack7' }, { ip: String.raw`|\D+(\d+)|10.${100 + round}.($1/250).($1%250+1)|` }, true),
    ),
    'status report live, unchecked': await median((round) =>
      edit('nodelist', { node: last }, { status: `s${round}` }, false),
    ),
    'look up a MAC and three attributes (1000 times)': await median(() => {
      for (let number = 1; number <= 1000; number++) {
        const node = cluster.current.portByMac(macOf(number) as MacAddress)?.node
        node?.attribute('noderes', 'netboot')
        node?.attribute('ipmi', 'bmc')
        node?.attribute('nodetype', 'provmethod')
      }
    }),
    [`noderange n[1-${nodes}]`]: await median(() => {
      const { nodes: found } = expandNodeRange(
        `n[1-${nodes}]`,
        { view: store, resolver: createResolver(store) },
        { verify: true },
      )
      if (found.length !== nodes) throw new Error('nodes are missing')
    }),
    'resident memory, MB': (process.memoryUsage().rss / 1e6).toFixed(0),
  }
  cluster.close()
  store.close()
  rmSync(directory, { recursive: true })
  return result
}

const sizes = process.argv.slice(2).map(Number)
console.log(`${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}; milliseconds, median of ${ROUNDS}`)
for (const nodes of sizes.length > 0 ? sizes : [1_000, 10_000, 100_000]) {
  console.log(`\n${nodes} nodes in ${GROUPS} groups`)
  for (const [what, figure] of Object.entries(await measure(nodes))) console.log(`  ${figure.padStart(9)}  ${what}`)
}
