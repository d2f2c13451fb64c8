/** liteboot diff: what a transaction changed, or what differs between two revisions; row by row, column by column. */
import type { RecordedChange, RecordedTransaction } from '../../../store/history.ts'
import { foldChanges } from '../../../store/row-history.ts'
import type { Store } from '../../../store/store.ts'
import { OperatorError } from '../../errors.ts'
import { type CommandResult, commandResult } from '../../protocol.ts'
import type { Method } from '../context.ts'
import { renderChange, renderCommandLine, renderLocalTime, renderUser, showChange } from './render.ts'
import { changesOf, findTransaction, noRevision, parseRevision, requireReach } from './revisions.ts'

export const diff: Method<'history.diff'> = async ({ store }, { revisions = [] }) => {
  const [first, second, third] = revisions
  if (third !== undefined) throw new OperatorError('LB_USAGE', 'Give two revisions at most.')
  if (first === undefined) return oneTransaction(store, await newest(store))
  const from = parseBound(store, first)
  if (second !== undefined) return between(store, from, parseBound(store, second))
  return oneTransaction(store, await findTransaction(store, from))
}

async function newest(store: Store): Promise<RecordedTransaction> {
  for await (const transaction of store.history.transactions()) return transaction
  throw noRevision('no change is in the history yet')
}

function parseBound(store: Store, word: string): number {
  if (word === 'now') return store.revision
  const revision = parseRevision(word)
  if (revision > store.revision)
    throw noRevision(`there is no revision ${revision}: the tables are at ${store.revision}`)
  return revision
}

async function oneTransaction(store: Store, transaction: RecordedTransaction): Promise<CommandResult> {
  const { revision, atMs, request } = transaction
  const changes = await changesOf(store, revision)
  const title = `revision ${revision}  ${renderLocalTime(atMs)}  ${renderUser(transaction)}  ${renderCommandLine(request)}`
  return shown([title], { from: revision - 1, to: revision, transaction }, changes)
}

async function between(store: Store, from: number, to: number): Promise<CommandResult> {
  const [older, newer] = from <= to ? [from, to] : [to, from]
  if (older !== newer) await requireReach(store, older)
  const revisions: number[] = []
  for await (const { revision } of store.history.transactions({ after: older, upTo: newer })) revisions.push(revision)
  const fold = foldChanges()
  for (const revision of revisions.reverse()) fold.add(await changesOf(store, revision))
  const changes = fold.changes()
  return shown([`revision ${from} -> ${to}`], { from, to }, from <= to ? changes : changes.map(turnRound))
}

/** The same difference, looked at from the other end. */
function turnRound({ table, key, before, after }: RecordedChange): RecordedChange {
  const changedKey = Object.keys(key).filter((column) => before && after && column in after)
  const newKey = { ...key, ...Object.fromEntries(changedKey.map((column) => [column, after?.[column] ?? ''])) }
  return { table, key: newKey, before: after, after: before }
}

function shown(title: readonly string[], data: object, changes: readonly RecordedChange[]): CommandResult {
  // Table by table; within one, rows in the order in which they were touched.
  const shownChanges = changes
    .map(showChange)
    .sort((one, other) => (one.table < other.table ? -1 : one.table > other.table ? 1 : 0))
  const lines = shownChanges.length === 0 ? ['No row differs.'] : shownChanges.flatMap(renderChange)
  return commandResult([...title, ...lines], { ...data, changes: shownChanges })
}
