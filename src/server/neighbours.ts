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

const KNOWN_MS = 1000
/** One that has just come is looked for again, but not for every event of a flood. */
const LOOK_AGAIN_MS = 100

/** One look-up each, for events. */
export function openNeighbours(now: () => number, read = readNeighbours): (ip: string) => string | undefined {
  let known: ReadonlyMap<string, string> = new Map()
  let readMs = Number.NEGATIVE_INFINITY
  return (ip) => {
    const ageMs = now() - readMs
    if (ageMs > (known.has(ip) ? KNOWN_MS : LOOK_AGAIN_MS)) {
      known = read()
      readMs = now()
    }
    return known.get(ip)
  }
}
