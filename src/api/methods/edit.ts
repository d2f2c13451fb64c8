/** An edit of the tables: made as a whole, or refused as a whole; live when the command returns. */
import { StoreFault, type Transaction, type TransactResult } from '../../store/store.ts'
import { renderFinding } from '../../tables/findings.ts'
import { OperatorError } from '../errors.ts'
import { findingLine } from '../findings.ts'
import type { MethodContext } from './context.ts'

export interface Edit<T> {
  readonly result: T
  /** Rows added, changed and removed. */
  readonly changes: number
  /** Of the tables, after the edit. */
  readonly revision: number
  /** From which nodes are answered; null: no server runs, or a dry run. */
  readonly snapshot: number | null
  /** `Warning: …` lines. */
  readonly warnings: readonly string[]
}

/**
 * @param change may be called once, synchronously
 * @param undoes revisions that it takes back
 * @param faults keep: nothing is checked. For a backup, which has to come back even when checks have become stricter
 * @throws OperatorError LB_BAD_EDIT naming every row that is wrong, LB_BAD_INPUT, LB_NO_TABLE, LB_BUSY
 */
export async function edit<T>(
  context: MethodContext,
  change: (transaction: Transaction) => T,
  undoes: readonly number[] = [],
  faults: 'refuse' | 'keep' = 'refuse',
): Promise<Edit<T>> {
  const { EDIT_CHECKERS } = await import('../checkers.ts')
  const foresee = context.dryRun ? (await import('../effects/effects.ts')).foreseeEdit : undefined
  let outcome: TransactResult<T>
  const looking = (transaction: Transaction): T => {
    const result = change(transaction)
    if (foresee) context.foreseen?.push(foresee(context.store, transaction))
    return result
  }
  try {
    outcome = context.store.transact(looking, {
      checkers: faults === 'keep' ? [] : EDIT_CHECKERS,
      author: context.caller.user,
      dryRun: context.dryRun,
      undoes,
      ...(context.audit ? { request: context.audit.request, log: context.audit.log } : {}),
    })
  } catch (error) {
    throw error instanceof StoreFault ? storeError(error) : error
  }
  const { committed, findings, result, changes, revision } = outcome
  const errors = findings.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) {
    throw new OperatorError('LB_BAD_EDIT', errors.map(renderFinding).join('\n       '))
  }
  const snapshot = committed ? await context.live(revision) : undefined
  const warnings = findings.filter(({ severity }) => severity === 'warning').map((finding) => findingLine(finding))
  return { result, changes: changes.length, revision, snapshot: snapshot ?? null, warnings }
}

function storeError({ code, message }: StoreFault): OperatorError {
  if (code === 'no-such-table') return new OperatorError('LB_NO_TABLE', message)
  return new OperatorError(code === 'busy' ? 'LB_BUSY' : 'LB_BAD_INPUT', message)
}
