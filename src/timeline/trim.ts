/** Keeps the timeline's file small: the newest events of each node, those of all strangers together, none older than some months. */
import type { DatabaseSync } from 'node:sqlite'
import { IS_STRANGER, isStranger } from './rows.ts'

export interface TrimLimits {
  readonly eventsPerNode: number
  readonly strangerEvents: number
  readonly ageMs: number
  readonly pruneMs: number
}

export interface Trim {
  /** An event of this subject was written. */
  count(subject: string): void
  /** Between batches: a few nodes at a time. */
  trim(): void
  close(): void
}

/** Nodes looked at in one turn. */
const TURNS = 20

export function openTrim(
  database: DatabaseSync,
  limits: TrimLimits,
  now: () => number,
  onError: (error: unknown) => void,
): Trim {
  const ofNode = database.prepare(
    'DELETE FROM event WHERE subject = ?1 AND id <= (SELECT id FROM event WHERE subject = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)',
  )
  const ofStrangers = database.prepare(
    `DELETE FROM event WHERE ${IS_STRANGER} AND id <= (SELECT id FROM event WHERE ${IS_STRANGER} ORDER BY id DESC LIMIT 1 OFFSET ?)`,
  )
  const old = database.prepare('DELETE FROM event WHERE id IN (SELECT id FROM event WHERE at_ms < ? LIMIT 5000)')
  const written = new Map<string, number>()
  /** What an earlier run of the server has left behind is looked at with the first ones. */
  let strangersWritten = limits.strangerEvents

  function attempt(change: () => void): void {
    try {
      change()
    } catch (error) {
      onError(error)
    }
  }

  const pruning = setInterval(() => attempt(() => old.run(now() - limits.ageMs)), limits.pruneMs)
  pruning.unref()

  return {
    count(subject) {
      // Strangers are counted together: there is no end of hardware addresses.
      if (isStranger(subject)) strangersWritten += 1
      else written.set(subject, (written.get(subject) ?? 0) + 1)
    },
    // One is looked at when it got a tenth more than it may have.
    trim() {
      if (strangersWritten > limits.strangerEvents / 10) {
        strangersWritten = 0
        attempt(() => ofStrangers.run(limits.strangerEvents))
      }
      let turns = TURNS
      for (const [subject, added] of written) {
        if (added < limits.eventsPerNode / 10) continue
        written.delete(subject)
        attempt(() => ofNode.run(subject, limits.eventsPerNode))
        turns -= 1
        if (turns === 0) break
      }
    },
    close: () => clearInterval(pruning),
  }
}
