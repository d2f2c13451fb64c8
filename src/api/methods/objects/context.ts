/** What the object commands share: how the tables room is asked, and how its messages are printed. */
import { SlowMatch } from '../../../tables/bounded-regexp.ts'
import type { Message } from '../../../tables/messages.ts'
import type { ObjectsContext } from '../../../tables/objects.ts'
import { createResolver } from '../../../tables/resolve.ts'
import type { TablesView } from '../../../tables/row.ts'
import { OperatorError } from '../../errors.ts'
import { type CommandResult, commandResult } from '../../protocol.ts'

export function objectsContext(view: TablesView): ObjectsContext {
  return { view, resolver: createResolver(view) }
}

/** A regular expression of the request that takes too long is the caller's fault, not ours. */
export function withinTime<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof SlowMatch) throw new OperatorError('LB_BAD_INPUT', error.message)
    throw error
  }
}

/** @param more lines for standard error after the messages' own */
export function messageResult(
  messages: readonly Message[],
  exitStatus: number,
  data: unknown,
  more: readonly string[] = [],
): CommandResult {
  const output = messages.filter(({ kind }) => kind === 'info').map(({ text }) => text)
  const errors = messages
    .filter(({ kind }) => kind !== 'info')
    .map(({ kind, text }) => `${kind === 'error' ? 'Error' : 'Warning'}: ${text}`)
  return commandResult(output, data, [...errors, ...more], exitStatus)
}

/** Absent and undefined are the same to a caller; the tables room wants them absent. */
export function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}
