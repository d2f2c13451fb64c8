/**
 * Where unknown machines report: who may, and what becomes of it. Reports are written at most once a second for all
 * machines together, and answered when they are stored.
 */
import { discoveryNetworkOf } from '../cluster/discovery.ts'
import type { Cluster, MacAddress } from '../cluster/model.ts'
import { isProxied } from '../cluster/proxy-networks.ts'
import { type Inventory, parseInventory } from '../discovery/inventory.ts'
import { limits } from '../discovery/limits.ts'
import { rememberMachines } from '../discovery/machine.ts'
import { RateLimit } from '../discovery/rate.ts'
import { isHeard, rowUpdate, saysNothingNew } from '../discovery/upsert.ts'
import type { DeskAnswer, DiscoveryDesk } from '../http/discovery-routes.ts'
import type { Store } from '../store/store.ts'
import { cell } from '../tables/row.ts'
import { DISCOVERED_EVENT, type EmitEvent } from '../timeline/event.ts'

export interface DeskParts {
  readonly cluster: Cluster
  readonly store: Store
  /** Who holds a dynamic address of ours at the moment. */
  readonly leasedTo: (ip: string) => string | undefined
  /** Hardware addresses on our wires, for networks whose addresses another DHCP server gives. */
  readonly neighbours: () => ReadonlyMap<string, string>
  readonly emit: EmitEvent
  readonly now: () => number
  readonly log: { warn(message: string): void }
}

interface Pending {
  readonly ip: string
  readonly mac: string
  readonly inventory: Inventory
  readonly answer: (answer: DeskAnswer) => void
}

const WRITE_INTERVAL_MS = 500
/** A list of all neighbours is made for it. */
const ADDRESSES_KNOWN_MS = 1000
const WARN_INTERVAL_MS = 60_000

export function openDiscoveryDesk(parts: DeskParts): DiscoveryDesk & { close(): void } {
  const { cluster, store, now, emit } = parts
  const perAddress = new RateLimit(limits.perAddress, limits.addresses)
  const together = new RateLimit(limits.together, 1)
  let pending: Pending[] = []
  const machineOf = rememberMachines()
  const neighbour = remembered(now, parts.neighbours)
  let lastWarningMs = Number.NEGATIVE_INFINITY

  /** The hardware address behind an address of a network that opts in, or why it has no business here. */
  function strangerAt(ip: string): { readonly mac: string } | { readonly refusal: DeskAnswer } {
    const network = discoveryNetworkOf(cluster.current, ip)
    if (!network) return { refusal: refused(403, `no discovery for ${ip}`) }
    const proxied = isProxied(cluster.current, network)
    const mac = proxied ? neighbour(ip) : parts.leasedTo(ip)
    if (mac !== undefined) return { mac }
    return { refusal: refused(403, proxied ? `${ip} is on no wire of ours` : `${ip} is not leased to anybody`) }
  }

  const nodeOf = (mac: string) => cluster.current.portByMac(mac as MacAddress)?.node.name

  function write(): void {
    const batch = pending
    pending = []
    if (batch.length === 0) return
    try {
      const { result } = store.transact(
        (transaction) => {
          // Read once: there may be 1024 rows of 20 kB, and 64 reports.
          let rows = [...transaction.read('discoverydata')]
          return batch.map(({ ip, inventory }) => {
            const update = rowUpdate(rows, inventory, ip, now(), machineOf)
            if ('fault' in update) return update
            const { uuid, forget, values } = update
            if (forget !== undefined) {
              transaction.deleteRows('discoverydata', { uuid: forget })
              rows = rows.filter((row) => cell(row, 'uuid') !== forget)
            }
            const at = rows.findIndex((row) => cell(row, 'uuid') === uuid)
            if (saysNothingNew(rows[at], values, now())) return update
            transaction.setRows('discoverydata', { uuid }, values)
            rows.splice(at < 0 ? rows.length : at, 1, { ...rows[at], uuid, ...values })
            return update
          })
        },
        // Machines tell this of themselves; the history is for what people change.
        { author: 'server', record: false },
      )
      for (const [at, { answer, mac, ip, inventory }] of batch.entries()) {
        const outcome = result[at]
        if (outcome === undefined || 'fault' in outcome) answer(full(outcome?.fault ?? ''))
        else answer({ kind: 'said', text: 'wait' })
        if (outcome === undefined || 'fault' in outcome) continue
        const { vendor, model, serial } = inventory
        const what = [vendor, model, serial && `serial ${serial}`].filter(Boolean).join(' ')
        const detail = `${what} waits to be adopted`.trim()
        emit({ atMs: now(), service: 'server', event: DISCOVERED_EVENT, mac, ip, ok: true, detail })
      }
    } catch (error) {
      parts.log.warn(`discovery: reports could not be stored: ${String(error)}`)
      for (const { answer } of batch) answer(refused(503, 'not stored: ask again'))
    }
  }

  function full(fault: string): DeskAnswer {
    if (now() - lastWarningMs > WARN_INTERVAL_MS) {
      lastWarningMs = now()
      parts.log.warn(`discovery: ${fault}`)
    }
    return refused(503, fault)
  }

  const timer = setInterval(write, WRITE_INTERVAL_MS)
  timer.unref()

  return {
    mayReport(ip) {
      const stranger = strangerAt(ip)
      if ('refusal' in stranger) return stranger.refusal
      const node = nodeOf(stranger.mac)
      if (node !== undefined) return { kind: 'said', text: `reboot ${node}` }
      const nowMs = now()
      if (!perAddress.allows(ip, nowMs) || !together.allows('all', nowMs)) return refused(429, 'too many reports')
      return undefined
    },
    report(ip, body) {
      const stranger = strangerAt(ip)
      if ('refusal' in stranger) return Promise.resolve(stranger.refusal)
      const inventory = parseInventory(body)
      if ('fault' in inventory) return Promise.resolve(refused(400, `malformed inventory: ${inventory.fault}`))
      // The lease, or the wire, tells who it is; the inventory may only add to it.
      const { mac } = stranger
      const boot = inventory.ports.find(({ name }) => name === inventory.boot)
      if (boot?.mac !== mac) return Promise.resolve(refused(403, `${ip} belongs to ${mac}, not to ${boot?.mac}`))
      return new Promise((answer) => pending.push({ ip, mac, inventory, answer }))
    },
    state(ip) {
      const stranger = strangerAt(ip)
      if ('refusal' in stranger) return stranger.refusal
      const node = nodeOf(stranger.mac)
      if (node !== undefined) return { kind: 'said', text: `reboot ${node}` }
      const { mac } = stranger
      const row = store
        .read('discoverydata')
        .find((each) => cell(each, 'node') === '' && cell(each, 'otherdata').startsWith(`{"boot":"${mac}"`))
      return { kind: 'said', text: row && isHeard(row, now()) ? 'wait' : 'report' }
    },
    close() {
      clearInterval(timer)
      write()
    },
  }
}

/** Looks again when what it knows is old, or does not have the address. */
function remembered(now: () => number, read: () => ReadonlyMap<string, string>): (ip: string) => string | undefined {
  let known: { readonly atMs: number; readonly macs: ReadonlyMap<string, string> } | undefined
  return (ip) => {
    const nowMs = now()
    if (known === undefined || nowMs - known.atMs > ADDRESSES_KNOWN_MS || !known.macs.has(ip))
      known = { atMs: nowMs, macs: read() }
    return known.macs.get(ip)
  }
}

function refused(status: number, message: string): DeskAnswer {
  return { kind: 'refused', status, message }
}
