/** What the object commands share: how the tables room is asked, and how its messages are printed. */
import type { Message } from '../../../tables/messages.ts'
import type { ObjectsContext } from '../../../tables/objects.ts'
import { createResolver } from '../../../tables/resolve.ts'
import type { TablesView } from '../../../tables/row.ts'
import { type CommandResult, commandResult } from '../../protocol.ts'

export function objectsContext(view: TablesView): ObjectsContext {
  return { view, resolver: createResolver(view) }
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
