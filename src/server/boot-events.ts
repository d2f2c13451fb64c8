/** What becomes of an event that a service saw: the timeline, the status in the tables, the log of events, orders carried out. */
import { shortHostName } from '../api/methods/deployment/checks.ts'
import type { Places } from '../api/places.ts'
import type { Cluster } from '../cluster/model.ts'
import type { MountedExports } from '../nfs/exports.ts'
import { openMounted } from '../nfs/mounted.ts'
import { mountedBoot } from '../nfs/root-users.ts'
import type { Store } from '../store/store.ts'
import { type EmitEvent, EVERY_NODE, START_EVENT } from '../timeline/event.ts'
import { openTimeline } from '../timeline/store.ts'
import { openEventLog } from './event-log.ts'
import { doneOrder, takeBackOrder } from './reformat-orders.ts'
import { openStatusWriter } from './status-writer.ts'
import { openStrangerEvents } from './stranger-events.ts'

export interface BootEvents {
  readonly emit: EmitEvent
  /** What each node has mounted. */
  readonly mounted: MountedExports
  /** A plan went out. @param boot `<image>@<generation>` */
  planned(node: string, boot: string | undefined): void
  flushTimeline(): void
  close(): void
}

export interface BootEventParts {
  readonly cluster: Cluster
  readonly store: Store
  readonly places: Pick<Places, 'timeline' | 'state'>
  readonly nodeOf: (ip: string) => string | undefined
  readonly nodeOfMac: (mac: string) => string | undefined
  /** Hardware address of a machine that is no node. */
  readonly strangerAt: (ip: string) => string | undefined
  readonly now: () => number
  readonly log: { warn(message: string): void }
}

export function openBootEvents(parts: BootEventParts): BootEvents {
  const { cluster, store, places, nodeOf, nodeOfMac, strangerAt, now, log } = parts
  const strangers = openStrangerEvents({ nodeOf, nodeOfMac, strangerAt })
  const mounted = openMounted(`${places.state}/mounted.json`)
  const timeline = openTimeline({ file: places.timeline, now, nodeOfIp: nodeOf, nodeOfMac })
  timeline.emit({ atMs: now(), service: 'server', event: START_EVENT, node: EVERY_NODE, ok: true })
  // Plans that went out in this process; for older boots, what the node mounted.
  const planned = new Map<string, string | undefined>()
  const bootedOf = (name: string) =>
    planned.has(name) ? planned.get(name) : mountedBoot(name, cluster.current, mounted)
  const status = openStatusWriter(store, bootedOf)
  const eventLog = openEventLog({
    append: (rows) => store.logs.append(rows.map((values) => ({ log: 'eventlog', values }))),
    lastBoot: (node) => timeline.boots(node).at(-1),
    host: shortHostName(),
    now,
    warn: log.warn,
  })
  return {
    mounted,
    emit(event) {
      const told = strangers.kept(event)
      if (told) timeline.emit(told)
      status.see(event, event.node)
      eventLog.see(event, event.node)
      const order = doneOrder(event)
      if (order !== undefined && event.node !== undefined) takeBackOrder(store, event.node, order)
    },
    planned: (node, boot) => void planned.set(node, boot),
    flushTimeline: () => timeline.flush(),
    close() {
      // One that cannot stop must not keep the others open.
      try {
        eventLog.close()
      } finally {
        try {
          status.close()
        } finally {
          timeline.close()
        }
      }
    },
  }
}
