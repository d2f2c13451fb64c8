/** liteboot undo: takes transactions back, as a new transaction that is checked like any edit. */
import type { RecordedChange, RecordedTransaction } from '../../../store/history.ts'
import type { Store } from '../../../store/store.ts'
import { cell } from '../../../tables/row.ts'
import { isSecret, MASK } from '../../../tables/secrets.ts'
import { OperatorError } from '../../errors.ts'
import { commandResult } from '../../protocol.ts'
import type { Method } from '../context.ts'
import { edit } from '../edit.ts'
import { renderCommandLine, renderUser, showChange } from './render.ts'
import { type Conflict, keyAfter, revertChanges } from './revert.ts'
import { changesOf, findTransaction, noRevision, parseRevision } from './revisions.ts'
import { createUndoneTracker } from './undone.ts'

interface Target {
  readonly transaction: RecordedTransaction
  readonly changes: readonly RecordedChange[]
}

/** Enough to see what happened. */
const CONFLICTS_SHOWN = 10

export const undo: Method<'history.undo'> = async (context, { revisions, force = false }) => {
  const { store } = context
  const targets = await findTargets(store, revisions)
  if (!force) await refuseUndone(store, targets)
  const numbers = targets.map(({ transaction }) => transaction.revision)
  let conflicts: readonly Conflict[] = []
  const gone: Conflict[] = []
  let blocked: Target | undefined
  const refused = new Error('conflicts')
  const outcome = await edit(
    context,
    (transaction) => {
      for (const target of targets) {
        conflicts = revertChanges(transaction, target.changes, force)
        if (force) gone.push(...conflicts.filter(({ row }) => !row))
        if (conflicts.length === 0 || force) continue
        blocked = target
        throw refused
      }
    },
    numbers,
  ).catch(async (error) => {
    if (error !== refused || !blocked) throw error
    throw await conflictError(store, blocked, conflicts)
  })
  const { changes, revision, snapshot, warnings } = outcome
  const undone = targets.map(({ transaction }) => `${transaction.revision} (${renderCommandLine(transaction.request)})`)
  const what = `revision${undone.length === 1 ? '' : 's'} ${undone.join(', ')}`
  const line =
    changes === 0
      ? `nothing is left to undo of ${what}`
      : `undone: ${what}${context.dryRun ? '' : `; this is revision ${revision}`}`
  const left = gone.map((conflict) => `Warning: ${renderConflict(conflict)}, and stays so`)
  return commandResult([line], { undone: numbers, changes, revision, snapshot }, [...left, ...warnings])
}

/** Newest first: the order in which they can be taken back. */
async function findTargets(store: Store, words: readonly string[]): Promise<Target[]> {
  const numbers = [...new Set(words.map(parseRevision))].sort((a, b) => b - a)
  const transactions = words.length === 0 ? [await lastToUndo(store)] : []
  for (const number of numbers) transactions.push(await findTransaction(store, number))
  const targets: Target[] = []
  for (const transaction of transactions)
    targets.push({ transaction, changes: await changesOf(store, transaction.revision) })
  return targets
}

/** @throws OperatorError LB_CHANGED_SINCE */
async function refuseUndone(store: Store, targets: readonly Target[]): Promise<void> {
  const numbers = targets.map(({ transaction }) => transaction.revision)
  const undoneBy = createUndoneTracker()
  for await (const transaction of store.history.transactions({ after: Math.min(...numbers) - 1 })) {
    const by = undoneBy(transaction)
    if (by === undefined || !numbers.includes(transaction.revision)) continue
    const advice = `Nothing was changed. \`liteboot undo ${by}\` takes the undo back.`
    throw new OperatorError('LB_CHANGED_SINCE', `revision ${transaction.revision} was undone by revision ${by}`, advice)
  }
}

/** Called again and again it goes back further, as in an editor: neither what is undone counts nor what undid it. */
async function lastToUndo(store: Store): Promise<RecordedTransaction> {
  const undoneBy = createUndoneTracker()
  for await (const transaction of store.history.transactions()) {
    if (undoneBy(transaction) === undefined && transaction.undoes.length === 0) return transaction
  }
  throw noRevision('there is no change to undo')
}

async function conflictError(store: Store, target: Target, conflicts: readonly Conflict[]): Promise<OperatorError> {
  const { revision } = target.transaction
  const lines = [`revision ${revision} cannot be undone: rows it changed were changed again`]
  for (const conflict of conflicts.slice(0, CONFLICTS_SHOWN))
    lines.push(`${renderConflict(conflict)}${await renderLater(store, revision, conflict)}`)
  const hidden = conflicts.length - CONFLICTS_SHOWN
  if (hidden > 0) lines.push(`… and ${hidden} more rows`)
  return new OperatorError('LB_CHANGED_SINCE', lines.join('\n       '))
}

function renderConflict({ change, row, columns }: Conflict): string {
  const { table, key, before, after } = change
  const where = `${table} ${showChange(change).row}`
  if (!row) return `${where}: the row is gone`
  const shown = (column: string, value: string) =>
    value === '' ? '(unset)' : isSecret(table, column, { ...key, ...row }) ? MASK : value
  const cells = columns.map((column) => {
    const left = (after ?? before)?.[column] ?? ''
    return `${column} is ${shown(column, cell(row, column))}, it was ${shown(column, left)}`
  })
  return `${where}: ${after || !before ? '' : 'there is such a row again: '}${cells.join('; ')}`
}

/** Who did it: the newest change of the same row. */
async function renderLater(store: Store, revision: number, { change }: Conflict): Promise<string> {
  const now = keyAfter(change)
  const names = Object.values(now).flatMap((value) => value || [])
  for await (const later of store.history.transactions({ after: revision, tables: [change.table], names })) {
    for await (const { table, key } of store.history.changes(later.revision)) {
      if (table !== change.table || !Object.keys(now).every((column) => now[column] === key[column])) continue
      return ` (revision ${later.revision}, ${renderUser(later)}: ${renderCommandLine(later.request)})`
    }
  }
  return ''
}
