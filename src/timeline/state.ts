/** Where a boot stands: running, booted, failed or stuck, and in which words. Pure. */
import type { Boot, BootDraft } from './boot.ts'
import { BOOT_FILE_EVENT, type BootEvent, DISCOVERED_EVENT } from './event.ts'
import { EXPECTATIONS, STAGES, type StageName } from './stages.ts'
import { renderDuration } from './words.ts'

type Verdict = Pick<Boot, 'state' | 'at' | 'summary' | 'advice'>

/** `nowMs`: the boot is the last one. `nextMs`: another boot followed at that time, so this one will not go on. */
export function decideState(
  draft: BootDraft,
  until: { readonly nowMs: number } | { readonly nextMs: number },
): Verdict {
  const first = draft.events[0]
  const last = draft.events.at(-1)
  const startMs = first?.atMs ?? 0
  const booted = draft.stages.get('booted')
  if (booted?.result === 'ok') {
    const took = renderDuration(booted.lastMs - startMs)
    const learning = isLearningNote(booted.detail) ? ', learning what it writes' : ''
    return { state: 'booted', at: undefined, summary: `booted after ${took}${learning}`, advice: undefined }
  }
  const unwatchedMs = 'nowMs' in until ? until.nowMs : until.nextMs
  const aside =
    decideAside(draft, unwatchedMs) ?? decideWithoutKernel(draft, unwatchedMs) ?? decideUnbootable(draft, unwatchedMs)
  if (aside) return aside
  const at = dueStage(draft)
  const advice = EXPECTATIONS[at].advice
  const endMs = 'nowMs' in until ? until.nowMs : until.nextMs
  const silentMs = endMs - (last?.atMs ?? endMs)
  const seen = last ? `last seen ${renderSeen(last)}` : 'nothing seen'
  const failed = draft.stages.get(at)
  if (failed?.result === 'failed') {
    const why = failed.detail ? `: ${firstLine(failed.detail)}` : ''
    const since = last?.stage === at && last.result === 'failed' ? '' : `${seen} `
    const goes = 'nextMs' in until ? 'then started again' : `retrying; ${since}${renderDuration(silentMs)} ago`
    const summary = `failed at ${at}${why} (${goes})`
    return { state: 'failed', at, summary, advice: NO_ROOM.test(failed.detail ?? '') ? NO_ROOM_ADVICE : advice }
  }
  const refused = failed?.refusal && decideRefused(at, failed.refusal, endMs, silentMs)
  if (refused) return refused
  const circling = decideCircling(draft, at, `${seen} ${renderDuration(silentMs)} ago`, silentMs)
  if (circling) return circling
  if ('nextMs' in until) {
    // Without an agent in the image, `booted` is never reported: the hand-over is the last that is known.
    if (at === 'booted') return { state: 'running', at, summary: 'handed over to the system', advice: undefined }
    const summary = `stopped at ${at}, ${seen}; started again ${renderDuration(silentMs)} later`
    return { state: 'stuck', at, summary, advice }
  }
  if (silentMs > EXPECTATIONS[at].patienceMs) {
    return { state: 'stuck', at, summary: `stuck at ${at}, ${seen} ${renderDuration(silentMs)} ago`, advice }
  }
  const summary = `running, at ${at}, ${renderDuration(endMs - startMs)} since the start`
  return { state: 'running', at, summary, advice: undefined }
}

/** A root in memory that does not fit (initrd-scripts/steps/memory.sh), which names its own remedies: no NFS server is at fault. */
const NO_ROOM = /^(the root takes \d+ MiB|the root takes more than|rootlimit=)/
const NO_ROOM_ADVICE =
  'do one of the things named above; the node looks again by itself, with more memory once it is restarted'

/** Loaders ask for several names of one thing within moments: only a refusal that stands counts. */
const REFUSAL_MS = 3000
/** UEFI goes through its other ways first: OVMF that was refused a loader by PXE asks again, by HTTP, after 83 s. */
const ASKS_AGAIN_MS = 3 * 60_000

/** The server has not got what the node asks for, and has said so. */
function decideRefused(at: StageName, refusal: BootEvent, endMs: number, silentMs: number): Verdict | undefined {
  const agoMs = endMs - refusal.atMs
  if (agoMs < REFUSAL_MS) return undefined
  const asked = `${refusal.service} ${refusal.object ?? ''}`.trimEnd()
  const why = firstLine(refusal.detail ?? 'refused')
  const summary = `failed at ${at}: ${asked}: ${why} (asked ${renderDuration(agoMs)} ago)`
  const isAsking = silentMs <= ASKS_AGAIN_MS
  const goes = isAsking ? 'the node goes on when it asks again' : 'the node has stopped asking: then restart it'
  return { state: 'failed', at, summary, advice: `mend what is named above; ${goes}` }
}

/** Once may be a hiccup of the network. */
const CIRCLES = 2

/** The loader has what it asked for, does not start it, and begins again with its boot file: never silent, and never there. */
function decideCircling(draft: BootDraft, at: StageName, seen: string, silentMs: number): Verdict | undefined {
  if (draft.startedOver < CIRCLES || draft.reached >= STAGES.indexOf('network')) return undefined
  if (draft.reporting !== undefined || silentMs > EXPECTATIONS[at].patienceMs) return undefined
  const summary = `failed at ${at}: after the ${STAGES[draft.reached]} the loader began again with its boot file, ${draft.startedOver} times (${seen})`
  return { state: 'failed', at, summary, advice: EXPECTATIONS[at].advice }
}

/** A stranger, `nodeset shell` and `shutdown`: the initrd does something else than booting, and stays there. */
function decideAside(draft: BootDraft, endMs: number): Verdict | undefined {
  const told = draft.events.findLast((event) => isRefusedReport(event) || event.event === DISCOVERED_EVENT)
  if (told && isRefusedReport(told)) {
    const summary = `failed at network: the inventory was refused: ${firstLine(told.detail ?? '')} (${renderDuration(endMs - told.atMs)} ago)`
    const advice = 'mend what is named above; the machine reports again by itself'
    return { state: 'failed', at: 'network', summary, advice }
  }
  const waiting = draft.events.find(({ service, event }) => service === 'server' && event === DISCOVERED_EVENT)
  if (waiting) {
    const summary = `waits to be adopted for ${renderDuration(endMs - waiting.atMs)}: liteboot discovered`
    return { state: 'running', at: undefined, summary, advice: undefined }
  }
  const last = draft.events.findLast(({ service, event }) => service === 'initrd' && event === 'report')
  if (last?.result !== 'start' || (last.stage !== 'shell' && last.stage !== 'shutdown')) return undefined
  const ago = renderDuration(endMs - last.atMs)
  const summary = last.stage === 'shell' ? `in a shell on its console for ${ago}` : `switched itself off ${ago} ago`
  return { state: 'running', at: undefined, summary, advice: undefined }
}

/** Of a machine that no table knows: it took stock, and nobody will see it. */
function isRefusedReport({ service, event, object, ok }: BootEvent): boolean {
  return service === 'http' && event === 'refused' && object === '/discover/v1/report' && !ok
}

/** What was answered starts no kernel: on purpose (`nodeset boot`, `offline`), or because the tables are wrong. */
function decideWithoutKernel(draft: BootDraft, endMs: number): Verdict | undefined {
  if (draft.reached > STAGES.indexOf('boot file')) return undefined
  const answer = draft.events.findLast((event) => isBootFileAnswer(event) || addressOnly(event) !== undefined)
  if (!answer) return undefined
  const ago = renderDuration(endMs - answer.atMs)
  const onPurpose = { state: 'running', at: undefined, advice: undefined } as const
  if (!isBootFileAnswer(answer)) return { ...onPurpose, summary: `was given its address only: ${addressOnly(answer)}` }
  if (answer.ok) return { ...onPurpose, summary: `left to its next boot device ${ago} ago` }
  const summary = `failed at boot file: ${firstLine(answer.detail ?? 'no boot')} (${ago} ago)`
  const advice = 'correct the rows named above; iPXE asks again every 30 seconds, other loaders at their next boot'
  return { state: 'failed', at: 'boot file', summary, advice }
}

function isBootFileAnswer({ service, event }: BootEvent): boolean {
  return service === 'server' && event === BOOT_FILE_EVENT
}

/** DHCP names no loader to a node that is offline or has no image; its reason says which. */
function addressOnly({ service, detail }: BootEvent): string | undefined {
  return service === 'dhcp' ? /address only: ([^;[]+[^;[ ])/.exec(detail ?? '')?.[1] : undefined
}

/**
 * Firmware of a kind that nothing here can be loaded by (32-bit UEFI, RISC-V): the newest answer to firmware or a loader was that.
 * What it says of itself stands in front, and is to be believed before the tables are.
 */
function decideUnbootable(draft: BootDraft, endMs: number): Verdict | undefined {
  if (draft.reached >= STAGES.indexOf('loader')) return undefined
  const answer = draft.events.findLast(
    (event) => event.service === 'dhcp' && (event.object !== undefined || NO_LOADER.test(event.detail ?? '')),
  )
  const why = answer && NO_LOADER.exec(answer.detail ?? '')?.[0]
  if (answer === undefined || why === undefined) return undefined
  const summary = `failed at loader: ${why} (${renderDuration(endMs - answer.atMs)} ago)`
  const advice =
    'there is no loader for what this firmware says it is: choose another way to boot from the network in its setup (64-bit UEFI, PXE or HTTP boot; on old machines BIOS), or another machine'
  return { state: 'failed', at: 'loader', summary, advice }
}

const NO_LOADER = /[^;[\] ][^;[]*: no loader for this (?:architecture|platform)/

/** Where the initrd says it is, else the furthest stage that has begun after the last that ended well, else the next. */
function dueStage(draft: BootDraft): StageName {
  if (draft.reporting !== undefined) return draft.reporting
  const begun = STAGES.findLast((name, index) => index > draft.reached && draft.stages.has(name))
  return begun ?? STAGES[skipUnneeded(draft, draft.reached + 1)] ?? 'booted'
}

/** iPXE in the card's ROM needs no loader: when iPXE asked for the address, the boot file is next. */
function skipUnneeded(draft: BootDraft, index: number): number {
  // Only images with a partition file have it, and then the initrd reports its start.
  if (STAGES[index] === 'localdisk') return index + 1
  if (STAGES[index] !== 'loader') return index
  const isScript = draft.events.some(
    (event) => event.service === 'dhcp' && /\/boot\/(ipxe|petitboot)\//.test(event.object ?? ''),
  )
  return isScript ? index + 1 : index
}

function renderSeen(event: BootEvent): string {
  const what = event.stage === undefined ? (event.object ?? '') : `${event.stage} ${event.result ?? ''}`
  const why = event.ok || event.detail === undefined ? '' : ` (${firstLine(event.detail)})`
  return `${`${event.service} ${event.event} ${what}`.trimEnd()}${why}`
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}

/** What a node that learns says with `booted`. */
function isLearningNote(detail: string | undefined): boolean {
  return detail?.startsWith('learning') === true
}

/** nodelist.status words of xCAT that a network boot goes through, and `learning`. */
export type NodeStatus = 'netbooting' | 'shell' | 'postbooting' | 'booted' | 'learning' | 'failed'

/** The word for a whole boot, as of when it was judged. */
export function statusOfBoot(boot: Boot): NodeStatus {
  if (boot.state === 'booted') return 'booted'
  if (boot.state === 'failed' || boot.state === 'stuck') return 'failed'
  return boot.at === 'booted' ? 'postbooting' : 'netbooting'
}

/**
 * The word that one event sets, or undefined when it sets none: for a server that keeps nodelist.status current without
 * reading histories. xCAT says `netbooting` when the network of the initrd is up, `postbooting` when the root takes over.
 */
export function statusOfEvent(event: BootEvent): NodeStatus | undefined {
  if (event.event !== 'report' || event.stage === undefined) return undefined
  if (event.result === 'failed') return 'failed'
  if (event.stage === 'shell' && event.result === 'start') return 'shell'
  if (event.result !== 'ok') return undefined
  if (event.stage === 'booted') return isLearningNote(event.detail) ? 'learning' : 'booted'
  return event.stage === 'switch' ? 'postbooting' : 'netbooting'
}
