/** liteboot history: one line a transaction, newest first. */
import type { HistoryFilter } from '../../../store/history.ts'
import { cell, type TablesView } from '../../../tables/row.ts'
import { TABLES } from '../../../tables/schema.ts'
import { OperatorError } from '../../errors.ts'
import { commandResult } from '../../protocol.ts'
import type { Method } from '../context.ts'
import { type ListedTransaction, renderCommandLine, renderTransactions } from './render.ts'
import { createUndoneTracker } from './undone.ts'

/** A screen. */
const DEFAULT_LINES = 20

export const list: Method<'history.list'> = async ({ store }, { filters = [], since, number = DEFAULT_LINES }) => {
  const filter: HistoryFilter = {
    ...parseFilters(store, filters),
    ...(since === undefined ? {} : { sinceMs: parseSince(since, Date.now()) }),
  }
  const undoneBy = createUndoneTracker()
  const listed: ListedTransaction[] = []
  if (number > 0) {
    for await (const transaction of store.history.transactions(filter)) {
      listed.push({ transaction, undoneBy: undoneBy(transaction) })
      if (listed.length === number) break
    }
  }
  const data = listed.map(({ transaction, undoneBy: by }) => ({
    ...transaction,
    commandLine: renderCommandLine(transaction.request),
    undoneBy: by ?? null,
  }))
  return commandResult(renderTransactions(listed), data)
}

/** Tables one way, names of anything that stands in a key the other; a network is keyed by its address. */
function parseFilters(view: TablesView, words: readonly string[]): HistoryFilter {
  const tables = words.filter((word) => TABLES.has(word))
  const names = words.filter((word) => !TABLES.has(word))
  const networks = view.read('networks').filter((row) => names.includes(cell(row, 'netname')))
  return { tables, names: [...names, ...networks.map((row) => cell(row, 'net'))] }
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** `2026-11-20`, `2026-11-20 18:30`, or how long ago: `30m`, `2h`, `3d`, `1w`. */
function parseSince(text: string, nowMs: number): number {
  const [, count, unit = ''] = /^(\d+)([smhdw])$/.exec(text) ?? []
  if (count !== undefined) return nowMs - Number(count) * (UNIT_MS[unit] ?? 0)
  const [, day, time = '00:00'] = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2})?))?$/.exec(text) ?? []
  const atMs = day === undefined ? Number.NaN : Date.parse(`${day}T${time}`)
  if (Number.isNaN(atMs))
    throw new OperatorError(
      'LB_USAGE',
      `--since ${text}: give a date (2026-11-20, '2026-11-20 18:30') or 30m, 2h, 3d, 1w`,
    )
  return atMs
}
