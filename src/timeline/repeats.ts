/** A step that fails is tried again and again: runs of the same failure, so that they are shown once. Pure. */
import type { BootEvent } from './event.ts'

/** The same failure from `first` to `last`, `count` times in all (at least twice). */
export interface FailureRun {
  readonly first: BootEvent
  readonly last: BootEvent
  readonly count: number
}

/**
 * Events that are part of a run → the run. A report that says something new ends all runs: the boot went on, or fails in
 * another way. What other services saw in between does not.
 */
export function findFailureRuns(events: readonly BootEvent[]): ReadonlyMap<BootEvent, FailureRun> {
  const runs = new Map<BootEvent, FailureRun>()
  let open = new Map<string, BootEvent[]>()
  const close = () => {
    for (const members of open.values()) {
      const [first] = members
      const last = members.at(-1)
      if (!first || !last || members.length < 2) continue
      const run = { first, last, count: members.length }
      for (const member of members) runs.set(member, run)
    }
    open = new Map()
  }
  for (const event of events) {
    const key = failureKey(event)
    const known = key === undefined ? undefined : open.get(key)
    if (known) {
      known.push(event)
      continue
    }
    if (event.stage !== undefined) close()
    if (key !== undefined) open.set(key, [event])
  }
  close()
  return runs
}

/** What makes two failures the same: everything but their times and log lines. */
function failureKey(event: BootEvent): string | undefined {
  if (event.ok && event.result !== 'retry') return undefined
  const { service, event: word, stage, result, object, ip, detail } = event
  return JSON.stringify([service, word, stage, result, object, ip, detail?.split('\n', 1)[0]])
}
