/**
 * nodelist.status from what is seen of boots, and noderes.current_osimage from what was booted (`<image>@<generation>`;
 * images without generations have no entry there). Written at most once a second for all nodes together: a boot storm must
 * not become a storm of transactions.
 */
import type { Store, Transaction } from '../store/store.ts'
import { cell } from '../tables/row.ts'
import type { BootEvent } from '../timeline/event.ts'
import { statusOfEvent } from '../timeline/state.ts'

const WRITE_INTERVAL_MS = 1000

export interface StatusWriter {
  see(event: BootEvent, node: string | undefined): void
  close(): void
}

/** `MM-DD-YYYY HH:MM:SS`, local time, as xCAT writes it. */
export function renderStatusTime(atMs: number): string {
  const date = new Date(atMs)
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${two(date.getMonth() + 1)}-${two(date.getDate())}-${date.getFullYear()}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

/** @param bootedOf `image@3`: what the node booted last, as far as it is known */
export function openStatusWriter(store: Store, bootedOf: (node: string) => string | undefined): StatusWriter {
  const pending = new Map<string, { status: string; atMs: number }>()
  const write = () => {
    if (pending.size === 0) return
    const changes = [...pending]
    pending.clear()
    const booted = new Map(
      changes.flatMap(([node, { status }]) => (status === 'booted' ? [[node, bootedOf(node)] as const] : [])),
    )
    store.transact(
      (transaction) => {
        const rows = new Map(transaction.read('nodelist').map((row) => [cell(row, 'node'), row]))
        for (const [node, { status, atMs }] of changes) {
          const row = rows.get(node)
          if (!row || cell(row, 'status') === status) continue
          transaction.setRows('nodelist', { node }, { status, statustime: renderStatusTime(atMs) })
        }
        if (booted.size > 0) writeBooted(transaction, booted)
      },
      // Boots are told by the timeline; the history is for what people change.
      { author: 'server', record: false },
    )
  }
  const timer = setInterval(write, WRITE_INTERVAL_MS)
  timer.unref()
  return {
    see(event, node) {
      const status = node === undefined ? undefined : statusOfEvent(event)
      if (node !== undefined && status !== undefined) pending.set(node, { status, atMs: event.atMs })
    },
    close() {
      clearInterval(timer)
      write()
    },
  }
}

/** A node's own row, made when it has none; nothing is written that is there already, or for images without generations. */
function writeBooted(transaction: Transaction, booted: ReadonlyMap<string, string | undefined>): void {
  const known = new Map(transaction.read('noderes').map((row) => [cell(row, 'node'), cell(row, 'current_osimage')]))
  const nodes = new Set(transaction.read('nodelist').map((row) => cell(row, 'node')))
  for (const [node, name = ''] of booted) {
    if (!nodes.has(node) || (known.get(node) ?? '') === name) continue
    transaction.setRows('noderes', { node }, { current_osimage: name })
  }
}
