/** One boot as text for a terminal: a line per event, then the stages, then where it stands. Deterministic. */
import type { Boot, BootStage, BootState } from './boot.ts'
import type { BootEvent } from './event.ts'
import { type FailureRun, findFailureRuns } from './repeats.ts'
import { renderBytes, renderDuration, renderInstant } from './words.ts'

export interface RenderTimelineOptions {
  readonly utc?: boolean
  readonly colour?: boolean
}

const COLOURS: Readonly<Record<BootState, number>> = { running: 36, booted: 32, failed: 31, stuck: 33 }
const RED = 31
const DIM = 2

type Paint = (code: number, text: string) => string

export function renderTimeline(boot: Boot, options: RenderTimelineOptions = {}): string {
  const paint: Paint = options.colour === true ? (code, text) => `\u001b[${code}m${text}\u001b[0m` : (_, text) => text
  const id = boot.bootId === undefined ? '' : `  boot id ${boot.bootId}`
  const lines = [`${boot.subject}  ${renderInstant(boot.startMs, options.utc === true)}${id}`]
  const runs = findFailureRuns(boot.events)
  for (const event of boot.events) {
    const run = runs.get(event)
    if (run) lines.push(...renderOfRun(event, run, boot.startMs, paint))
    else lines.push(...renderEvent(event, renderDetail(event), boot.startMs, paint))
  }
  if (boot.stages.length > 0) lines.push(`stages: ${boot.stages.map(renderStage).join(', ')}`)
  lines.push(paint(COLOURS[boot.state], boot.summary))
  if (boot.advice !== undefined) lines.push(`check: ${boot.advice}`)
  return `${lines.join('\n')}\n`
}

/** Longer ago is another story. */
const TRIED_AGAIN_MS = 60 * 60_000

/**
 * A node that starts again and again looks well in each of its boots: how many before the last one did not come up, one soon after the
 * other. Undefined when the one before did, or was long ago.
 * @param boots in order of time
 */
export function renderEarlierFailures(boots: readonly Boot[], utc = false): string | undefined {
  let first = boots.length - 1
  while (first > 0 && failedBefore(boots[first - 1], boots[first])) first -= 1
  const count = boots.length - 1 - first
  const [begun, last] = [boots[first], boots.at(-2)]
  if (count < 1 || !begun || !last) return undefined
  const what = count === 1 ? 'the boot before this one, of' : `the ${count} boots before this one, since`
  return `before: ${what} ${renderInstant(begun.startMs, utc)}, did not come up: ${last.summary} (--all shows them)`
}

function failedBefore(earlier: Boot | undefined, later: Boot | undefined): boolean {
  if (earlier === undefined || later === undefined) return false
  const isFailure = earlier.state === 'failed' || earlier.state === 'stuck'
  return isFailure && later.startMs - earlier.lastMs <= TRIED_AGAIN_MS
}

const BELOW = ' '.repeat(21)

/** The first of a run in one line; at the place of the last how many there were, and its log lines. */
function renderOfRun(event: BootEvent, run: FailureRun, startMs: number, paint: Paint): string[] {
  if (event === run.first) return renderEvent(event, renderDetail(event).slice(0, 1), startMs, paint)
  if (event !== run.last) return []
  const more = run.count - 1
  const times = `${BELOW}… ${more} more ${more === 1 ? 'time' : 'times'} until ${renderSince(event, startMs)}`
  const log = renderDetail(event)
  return [paint(RED, times), ...(log.length > 1 ? renderBelow(log, paint) : [])]
}

function renderSince(event: BootEvent, startMs: number): string {
  return `+${(Math.max(0, event.atMs - startMs) / 1000).toFixed(2)}s`
}

function renderEvent(event: BootEvent, detail: readonly string[], startMs: number, paint: Paint): string[] {
  const since = renderSince(event, startMs).padStart(10)
  const took = event.durationMs === undefined ? '' : `${(event.durationMs / 1000).toFixed(2)}s`
  const what = [
    event.stage,
    event.result,
    event.object,
    event.bytes === undefined ? undefined : renderBytes(event.bytes),
    event.ip === undefined ? undefined : `[${event.ip}]`,
  ].filter((part) => part !== undefined)
  const head = `${since} ${took.padStart(8)}  ${event.service.padEnd(6)} ${event.event.padEnd(8)} ${what.join(' ')}`
  const line = detail.length === 1 ? `${head.trimEnd()}  ${detail[0]}` : head.trimEnd()
  const first = event.ok ? line : paint(RED, `${line}  !`)
  return [first, ...(detail.length > 1 ? renderBelow(detail, paint) : [])]
}

function renderBelow(lines: readonly string[], paint: Paint): string[] {
  return lines.map((text) => paint(DIM, `${BELOW}| ${text}`))
}

/** Text from the network: nothing in it may reach the terminal as a command. */
function renderDetail(event: BootEvent): string[] {
  if (event.detail === undefined) return []
  return event.detail.split('\n').map((line) => line.replace(/\p{Cc}/gu, ' ').trimEnd())
}

function renderStage(stage: BootStage): string {
  if (stage.durationMs !== undefined) return `${stage.name} ${renderDuration(stage.durationMs)}`
  return `${stage.name} (${stage.result})`
}
