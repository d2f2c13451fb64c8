/** Revisions as they are typed, found in the history. */
import type { RecordedChange, RecordedTransaction } from '../../../store/history.ts'
import type { Store } from '../../../store/store.ts'
import { OperatorError } from '../../errors.ts'

/** @throws OperatorError LB_USAGE */
export function parseRevision(word: string): number {
  if (!/^\d{1,15}$/.test(word)) throw new OperatorError('LB_USAGE', `${word} is not the number of a revision.`)
  return Number(word)
}

/** @throws OperatorError LB_NO_REVISION */
export async function findTransaction(store: Store, revision: number): Promise<RecordedTransaction> {
  for await (const transaction of store.history.transactions({ after: revision - 1, upTo: revision }))
    return transaction
  if (revision === 0) throw noRevision('revision 0 is the beginning, before any change')
  if (revision > store.revision)
    throw noRevision(`there is no revision ${revision}: the tables are at ${store.revision}`)
  await requireReach(store, revision - 1)
  throw noRevision(`revision ${revision} is not in the history: the server made it by itself (status of nodes)`)
}

/** @throws OperatorError LB_NO_REVISION when the tables of that revision cannot be known any more */
export async function requireReach(store: Store, revision: number): Promise<void> {
  const reach = await store.history.reachesBackTo()
  if (reach === undefined) throw noRevision('no change is in the history yet')
  if (revision < reach) throw noRevision(`the history reaches back to revision ${reach} only`)
}

export async function changesOf(store: Store, revision: number): Promise<RecordedChange[]> {
  const changes: RecordedChange[] = []
  for await (const change of store.history.changes(revision)) changes.push(change)
  return changes
}

export function noRevision(message: string): OperatorError {
  return new OperatorError('LB_NO_REVISION', message)
}
