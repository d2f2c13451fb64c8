/** Events of one node, in order → its boots: stages with durations, the state, and what a stopped boot waits for. Pure. */
import { type DhcpClient, dhcpClientOf, isRefusal, stageOf } from './classify.ts'
import type { BootEvent } from './event.ts'
import { STAGES, type StageName, stageIndex } from './stages.ts'
import { decideState } from './state.ts'

export type BootState = 'running' | 'booted' | 'failed' | 'stuck'

export interface BootStage {
  readonly name: StageName
  readonly startMs: number
  /** Undefined while it goes on. */
  readonly endMs: number | undefined
  readonly durationMs: number | undefined
  /** `running`: started, or asked for and not finished. `retry` and `failed`: reported so, and being tried again. */
  readonly result: 'ok' | 'running' | 'retry' | 'failed'
  readonly detail: string | undefined
}

export interface Boot {
  readonly subject: string
  readonly bootId: string | undefined
  readonly startMs: number
  readonly lastMs: number
  readonly events: readonly BootEvent[]
  /** In the order of STAGES; only those that were seen. */
  readonly stages: readonly BootStage[]
  readonly state: BootState
  /** The stage that is under way or due next; undefined when booted. */
  readonly at: StageName | undefined
  /** One sentence: `booted after 33.2 s`, `stuck at kernel, last seen http get /boot/ipxe/cn07 5 min ago`. */
  readonly summary: string
  /** What to check; only when stuck or failed. */
  readonly advice: string | undefined
}

/** News after a pause this long is another boot, even without a sign of a restart. */
const SILENCE_MS = 10 * 60_000
const KERNEL = stageIndex('kernel')
/** Replies belong to the request before them when they come within this time. */
const EXCHANGE_MS = 15_000

export interface StageDraft {
  startMs: number
  /** Of the last event of this stage. */
  lastMs: number
  result: BootStage['result']
  detail: string | undefined
  /** The newest file that this stage was refused, while none has come through. */
  refusal: BootEvent | undefined
}

export interface BootDraft {
  bootId: string | undefined
  readonly events: BootEvent[]
  readonly stages: Map<StageName, StageDraft>
  /** Highest stage that ended well, as index; -1 before the first. */
  reached: number
  /** The stage the initrd says it is in. */
  reporting: StageName | undefined
  /** How often the loader has read a boot file anew, since the last file that it did not have before. */
  startedOver: number
}

/** `events` in order of time, of one node or stranger. The last boot is judged at `nowMs`. */
export function foldBoots(subject: string, events: readonly BootEvent[], nowMs: number): Boot[] {
  const drafts: BootDraft[] = []
  const byId = new Map<string, BootDraft>()
  events.forEach((event, index) => {
    let draft = event.bootId === undefined ? undefined : byId.get(event.bootId)
    if (!draft) {
      const last = drafts.at(-1)
      const client = event.event === 'DISCOVER' ? askerOf(events, index) : undefined
      if (!last || startsBoot(last, event, client)) {
        draft = { bootId: undefined, events: [], stages: new Map(), reached: -1, reporting: undefined, startedOver: 0 }
        drafts.push(draft)
      } else draft = last
    }
    if (event.bootId !== undefined && draft.bootId === undefined) {
      draft.bootId = event.bootId
      byId.set(event.bootId, draft)
    }
    addEvent(draft, event)
  })
  return drafts.map((draft, index) => {
    const next = drafts[index + 1]
    return finishBoot(subject, draft, next ? { nextMs: next.events[0]?.atMs ?? nowMs } : { nowMs })
  })
}

/** A DISCOVER does not say who sent it; the OFFER and ACK that follow do. */
function askerOf(events: readonly BootEvent[], index: number): DhcpClient {
  const asked = events[index]
  let found: DhcpClient = 'unknown'
  for (let next = index; asked && next < events.length; next += 1) {
    const event = events[next]
    if (!event || event.atMs - asked.atMs > EXCHANGE_MS) break
    if (event.service !== 'dhcp') continue
    if (next > index && event.event === 'DISCOVER') break
    const client = dhcpClientOf(event)
    // SLOF names itself in the REQUEST only, so the ACK may know more than the OFFER.
    if (client === 'ipxe' || client === 'firmware') return client
    if (client === 'plain') found = client
  }
  return found
}

function startsBoot(last: BootDraft, event: BootEvent, client: DhcpClient | undefined): boolean {
  if (event.bootId !== undefined && last.bootId !== undefined && event.bootId !== last.bootId) return true
  const finished = isFinished(last)
  const silent = event.atMs - (last.events.at(-1)?.atMs ?? event.atMs) > SILENCE_MS
  if (client !== undefined) return discoverStartsBoot(last, client, finished, silent)
  if (event.service === 'initrd' && event.bootId !== undefined) return finished && last.bootId === undefined
  // Another DHCP server gave the address: the first thing seen here is a file of the loader.
  const stage = stageOf(event)
  const early = stage !== undefined && stageIndex(stage) <= stageIndex('initrd')
  return early && event.ok && (finished || silent)
}

function discoverStartsBoot(last: BootDraft, client: DhcpClient, finished: boolean, silent: boolean): boolean {
  switch (client) {
    case 'firmware':
      return finished || silent || last.reached >= stageIndex('boot file')
    case 'ipxe':
      // iPXE that was loaded by the firmware asks again, in the same boot; one that has read its script has restarted.
      return finished || silent || last.reached >= stageIndex('boot file')
    case 'plain':
    case 'unknown':
      // The initrd and the running system ask too.
      return silent && !finished && last.reached < stageIndex('initrd')
  }
}

function addEvent(draft: BootDraft, event: BootEvent): void {
  draft.events.push(event)
  const isReport = event.service === 'initrd' || event.service === 'os'
  // What a running system fetches again (a plan, a kernel for kexec) is no part of how it booted.
  if (!isReport && isFinished(draft)) return
  if (event.service === 'dhcp') {
    addDhcp(draft, event)
    return
  }
  const stage = stageOf(event)
  if (!stage) return
  const known = draft.stages.get(stage)
  const result = isReport ? reportedResult(event) : transferResult(event, known)
  // A loader tries several names: a miss beside a hit is no failure (GRUB asks for eight grub.cfg-…).
  if (!isReport && known?.result === 'ok' && !event.ok) {
    // GRUB reads the end of a kernel first, then most of it, and hangs up: that is the time it took.
    if (draft.reached === stageIndex(stage) && !isRefusal(event)) known.lastMs = event.atMs
    return
  }
  // A loader that could not start what it had fetched: its second round is not how long the first took.
  if (!isReport && known?.result === 'ok' && draft.reached >= KERNEL) {
    if (stage === 'boot file' && event.ok) draft.startedOver += 1
    if (stageIndex(stage) < draft.reached || draft.startedOver > 0) return
  }
  const startMs = event.atMs - (event.durationMs ?? 0)
  draft.stages.set(stage, {
    startMs: Math.min(known?.startMs ?? startMs, startMs),
    lastMs: event.atMs,
    result,
    detail: event.detail ?? (result === 'running' ? known?.detail : undefined),
    refusal: result === 'ok' ? undefined : isRefusal(event) ? event : known?.refusal,
  })
  if (result === 'ok' && stageIndex(stage) > draft.reached) {
    draft.reached = stageIndex(stage)
    draft.startedOver = 0
  }
  if (isReport) draft.reporting = result === 'ok' ? undefined : stage
}

export function isFinished(draft: BootDraft): boolean {
  return draft.stages.get('booted')?.result === 'ok' || draft.stages.get('switch')?.result === 'ok'
}

/** A fetched plan is a fetched file: whether it was good is for the initrd to say, and what it said stays. */
function transferResult(event: BootEvent, known: StageDraft | undefined): BootStage['result'] {
  if (known && known.result !== 'running') return known.result
  // OVMF asks for the size of its loader, stops, and then asks for the file.
  const isProbe = event.service === 'tftp' && event.bytes === 0
  return event.ok && !isProbe ? 'ok' : 'running'
}

function reportedResult(event: BootEvent): BootStage['result'] {
  return event.result === undefined || event.result === 'start' ? 'running' : event.result
}

/** The first exchange is the firmware's; iPXE, the initrd and the running system ask again. */
function addDhcp(draft: BootDraft, event: BootEvent): void {
  const known = draft.stages.get('firmware dhcp')
  if (known?.result === 'ok' || draft.reached >= 0) return
  const ended = event.event === 'ACK' || event.event === 'BOOTREPLY'
  draft.stages.set('firmware dhcp', {
    startMs: known?.startMs ?? event.atMs,
    lastMs: event.atMs,
    result: ended ? 'ok' : 'running',
    detail: event.ok ? undefined : event.detail,
    refusal: undefined,
  })
  if (ended) draft.reached = Math.max(draft.reached, stageIndex('firmware dhcp'))
}

function finishBoot(subject: string, draft: BootDraft, until: { nowMs: number } | { nextMs: number }): Boot {
  const stages = STAGES.flatMap((name): BootStage[] => {
    const stage = draft.stages.get(name)
    if (!stage) return []
    // GRUB drops the connection once it has what it wants: what was followed by a later stage did end.
    const passed = stage.result === 'running' && stageIndex(name) < draft.reached
    const result = passed ? 'ok' : stage.result
    const endMs = result === 'ok' ? stage.lastMs : undefined
    const durationMs = endMs === undefined ? undefined : endMs - stage.startMs
    return [{ name, startMs: stage.startMs, endMs, durationMs, result, detail: stage.detail }]
  })
  const first = draft.events[0]
  const last = draft.events.at(-1)
  return {
    subject,
    bootId: draft.bootId,
    startMs: first?.atMs ?? 0,
    lastMs: last?.atMs ?? 0,
    events: draft.events,
    stages,
    ...decideState(draft, until),
  }
}
