/** Child process of the namespace tests: looks for DHCP servers once and prints the offers. Words: interface=address, own addresses. */
import { probeRivalServers } from '../../src/dhcp/rival-probe.ts'

const words = process.argv.slice(2)
const interfaces = words
  .filter((word) => word.includes('='))
  .map((word) => word.split('=') as [string, string])
  .map(([name, address]) => ({ name, address }))
const ownAddresses = words.filter((word) => !word.includes('='))
let made = 0x70
const makeMac = () => `02:00:00:00:00:${(made++).toString(16)}`
console.log(JSON.stringify(await probeRivalServers({ interfaces, makeMac, waitMs: 1000, ownAddresses })))
