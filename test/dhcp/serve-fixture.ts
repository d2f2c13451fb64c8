/** Child process of the namespace tests: one DHCP server with fake tables; a JSON line per event, then per log line. */
import { openDhcpServer } from '../../src/dhcp/server.ts'
import { type FakeTables, fakeCluster, ip } from './fake-cluster.ts'

interface FixtureOptions {
  readonly interfaces: readonly { readonly name: string; readonly address: string }[]
  readonly tables: FakeTables
  readonly leasesFile: string
  readonly passedSockets: readonly { readonly fd: number; readonly interfaceName: string }[]
}

const options = JSON.parse(process.argv[2] ?? '{}') as FixtureOptions
const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)
const server = await openDhcpServer({
  cluster: fakeCluster(options.tables),
  interfaces: options.interfaces.map(({ name, address }) => ({
    name,
    address: ip(address),
    netmask: ip('255.255.255.0'),
  })),
  leasesFile: options.leasesFile,
  passedSockets: options.passedSockets,
  emit: print,
  now: Date.now,
  log: { warn: (warn) => print({ warn }), info: (info) => print({ info }) },
})
print({ ready: true })
process.once('SIGTERM', async () => {
  print({ counters: server.counters, leases: server.leases() })
  await server.close()
})
