/** Which transactions are undone: an undo that was itself undone does not count. */
import type { RecordedTransaction } from '../../../store/history.ts'

/** Give it every transaction, newest first; says by which one each is undone. */
export function createUndoneTracker(): (transaction: RecordedTransaction) => number | undefined {
  const undone = new Map<number, number>()
  return ({ revision, undoes }) => {
    const by = undone.get(revision)
    if (by === undefined) for (const target of undoes) if (!undone.has(target)) undone.set(target, revision)
    return by
  }
}
