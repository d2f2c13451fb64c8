/**
 * Rows of the table eventlog: boots that ended, failed or got stuck, and the server's own starts and stops. Each boot has
 * its row once, however often a node tries again. Written for all nodes together, a bounded number at a time: a boot storm
 * must not become a storm of transactions, and what is late is only a log.
 */
import { renderLocalTime } from '../api/methods/history/render.ts'
import type { RowValues } from '../store/store.ts'
import type { Boot } from '../timeline/boot.ts'
import { BOOT_FILE_EVENT, type BootEvent } from '../timeline/event.ts'

export interface EventLogOptions {
  /** @throws when the tables are busy: the rows are offered again */
  readonly append: (rows: readonly RowValues[]) => void
  /** The last boot of a node, as the timeline judges it now. */
  readonly lastBoot: (node: string) => Boot | undefined
  readonly host: string
  readonly now: () => number
  readonly warn: (message: string) => void
}

export interface EventLog {
  see(event: BootEvent, node: string | undefined): void
  /** Called once a second, and by tests. */
  tick(): void
  close(): void
}

const TICK_MS = 1000
/** No stage has less patience (timeline/stages.ts): before that a silent boot is not stuck. */
const SILENCE_MS = 60_000
/** Each of them is a look into the timeline, of a millisecond or so. */
const LOOKS_PER_TICK = 50
const ROWS_MAX = 10_000
const TEXT_MAX = 500

interface Watched {
  /** When to look, unless there is news before. */
  lookMs: number
  /** It has said that it is up: looked at now, for how long that took. */
  booted: boolean
}

export function openEventLog(options: EventLogOptions): EventLog {
  const { now, host } = options
  const watched = new Map<string, Watched>()
  /** What the last row of a node was about, so that it is not written again; until the node is up. */
  const told = new Map<string, string>()
  let rows: RowValues[] = []
  let dropped = 0

  function add(row: { severity: string; eventtype: string; component: string; message: string } & RowValues): void {
    if (rows.length >= ROWS_MAX) {
      dropped += 1
      return
    }
    const eventtime = renderLocalTime(now())
    rows.push({ eventtime, monitor: 'liteboot', monnode: host, application: 'liteboot', ...row })
  }

  function tell(node: string, about: string, row: Parameters<typeof add>[0]): void {
    if (told.get(node) === about) return
    told.set(node, about)
    add({ node, ...row })
  }

  function failure(node: string, component: string, id: string, detail: string | undefined): void {
    const [reason = ''] = (detail ?? '').split('\n', 1)
    const message = `boot failed at ${component}${reason === '' ? '' : `: ${reason}`}`.slice(0, TEXT_MAX)
    const rawdata = (detail ?? '').slice(-TEXT_MAX)
    tell(node, `${id} ${message}`, { eventtype: 'boot', severity: 'critical', component, id, message, rawdata })
  }

  /** Returns whether it is to be looked at again, later. */
  function look(node: string, { booted }: Watched): boolean {
    const boot = options.lastBoot(node)
    if (!boot) return false
    const id = boot.bootId ?? String(boot.startMs)
    const message = boot.summary.slice(0, TEXT_MAX)
    // Without the report it was up before this server was.
    if (boot.state === 'booted' && booted)
      tell(node, `${id} booted`, { eventtype: 'boot', severity: 'informational', component: 'booted', id, message })
    if (boot.state === 'stuck') {
      const [component, rawdata] = [boot.at ?? '', (boot.advice ?? '').slice(0, TEXT_MAX)]
      tell(node, `${id} stuck ${component}`, {
        eventtype: 'boot',
        severity: 'warning',
        component,
        id,
        message,
        rawdata,
      })
    }
    // A failed one has said so itself, and tries again. One that runs on is in a stage with more patience.
    return boot.state === 'running' && boot.at !== undefined
  }

  function lookAtSome(): void {
    const nowMs = now()
    let looks = 0
    for (const [node, one] of watched) {
      if (!one.booted && one.lookMs > nowMs) continue
      if (++looks > LOOKS_PER_TICK) return
      // Behind all others, when it stays: everyone has a turn.
      watched.delete(node)
      if (look(node, one)) watched.set(node, { lookMs: nowMs + SILENCE_MS, booted: false })
    }
  }

  function write(): void {
    if (rows.length === 0) return
    try {
      options.append(rows)
      rows = []
      if (dropped > 0) options.warn(`eventlog: ${dropped} events were not written: there were too many at once`)
      dropped = 0
    } catch (error) {
      options.warn(`eventlog: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  function tick(): void {
    lookAtSome()
    write()
  }

  const server = (message: string) =>
    add({ eventtype: 'server', severity: 'informational', component: 'server', node: host, message })
  server('liteboot has started')
  const timer = setInterval(tick, TICK_MS)
  timer.unref()
  return {
    see(event, node) {
      // Running nodes read their roots; that says nothing of a boot.
      if (node === undefined || event.service === 'nfs') return
      const { result, stage } = event
      if (result === 'failed' && stage !== undefined) failure(node, stage, event.bootId ?? '', event.detail)
      if (event.service === 'server' && event.event === BOOT_FILE_EVENT && !event.ok)
        failure(node, BOOT_FILE_EVENT, '', event.detail)
      const booted = stage === 'booted' && result === 'ok'
      const known = watched.get(node)
      if (known) {
        known.lookMs = event.atMs + SILENCE_MS
        known.booted ||= booted
      } else watched.set(node, { lookMs: event.atMs + SILENCE_MS, booted })
    },
    tick,
    close() {
      clearInterval(timer)
      server('liteboot stops')
      tick()
    },
  }
}
