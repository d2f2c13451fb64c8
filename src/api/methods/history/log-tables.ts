/** tabdump and tabrestore of the logs, which are not in memory as tables are. */
import { type Store, StoreFault } from '../../../store/store.ts'
import type { Row } from '../../../tables/row.ts'
import { OperatorError } from '../../errors.ts'

/** Oldest first; `newest`: only so many of those that are wanted. */
export async function readLog(
  store: Store,
  log: string,
  newest: number | undefined,
  tests: readonly ((row: Row) => boolean)[],
): Promise<Row[]> {
  const rows: Row[] = []
  // Without conditions the store finds the place to begin.
  const options = newest === undefined || tests.length > 0 ? {} : { newest }
  for await (const row of store.logs.rows(log, options)) if (tests.every((test) => test(row))) rows.push(row)
  return newest === undefined ? rows : rows.slice(Math.max(0, rows.length - newest))
}

/** A log of another site, or a copy of this one. @throws OperatorError LB_BAD_INPUT, LB_BUSY */
export function restoreLog(store: Store, log: string, rows: readonly Row[], append: boolean): void {
  try {
    if (append) store.logs.append(rows.map((values) => ({ log, values })))
    else store.logs.replace(log, rows)
  } catch (error) {
    if (!(error instanceof StoreFault)) throw error
    throw new OperatorError(error.code === 'busy' ? 'LB_BUSY' : 'LB_BAD_INPUT', error.message)
  }
}
