/** Child process of the namespace tests: looks for DHCP servers once and prints the offers. */
import { probeRivalServers } from '../../src/dhcp/rival-probe.ts'

const ownAddresses = process.argv.slice(2)
console.log(JSON.stringify(await probeRivalServers({ mac: '02:00:00:00:00:77', waitMs: 500, ownAddresses })))
