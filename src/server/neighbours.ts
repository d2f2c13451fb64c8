/** Hardware addresses of the machines that talk to us on our own wires, as the kernel knows them. */
import { readFileSync } from 'node:fs'

const TABLE = '/proc/net/arp'
/** ATF_COM of <linux/if_arp.h>: the machine has answered. */
const COMPLETE = 2

/** Address → hardware address. */
export function parseNeighbours(table: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const line of table.split('\n').slice(1)) {
    const [ip, , flags, mac] = line.split(/\s+/)
    if (ip && mac && (Number(flags) & COMPLETE) !== 0) found.set(ip, mac.toLowerCase())
  }
  return found
}

/** Empty where the kernel does not say. */
export function readNeighbours(): Map<string, string> {
  try {
    return parseNeighbours(readFileSync(TABLE, 'latin1'))
  } catch {
    return new Map()
  }
}
