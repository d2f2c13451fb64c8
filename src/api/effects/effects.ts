/**
 * What an edit would do to the nodes' boot answers, worked out from the tables before and after it. Pure but for pauses,
 * so that a server goes on answering meanwhile: no lock is held, the views are frozen row lists.
 *
 * Read in this order: row-changes, scope, facts, difference, render.
 */
import type { NodeAnswers } from '../../boot/node-answers.ts'
import type { Snapshot } from '../../cluster/model.ts'
import { compileSnapshot } from '../../cluster/snapshot.ts'
import type { RowChange, Transaction } from '../../store/store.ts'
import type { Row, TablesView } from '../../tables/row.ts'
import { TABLE_NAMES } from '../../tables/schema.ts'
import { type AnswerChange, changeKind, compareFacts, vanishedParts } from './difference.ts'
import { compileFacts, type FactPart, type Facts } from './facts.ts'
import { type NetRowChange, netRowChanges } from './row-changes.ts'
import { affectedNodes } from './scope.ts'

/** Nodes with the same change; the values shown are those of the first. */
export interface NodesChange {
  readonly kind: 'changed' | 'added' | 'removed'
  readonly nodes: readonly string[]
  readonly changes: readonly AnswerChange[]
  /** Parts of the answer that are gone as a whole. */
  readonly vanished: readonly FactPart[]
}

export interface Effects {
  readonly rows: readonly NetRowChange[]
  readonly nodes: readonly NodesChange[]
}

/** What an edit was about to do: taken inside its transaction, looked at after it. */
export interface ForeseenEdit {
  readonly before: TablesView
  readonly after: TablesView
  readonly changes: readonly RowChange[]
}

/** To be called inside the transaction, after its changes. */
export function foreseeEdit(committed: TablesView, transaction: Transaction): ForeseenEdit {
  return { before: freezeTables(committed), after: freezeTables(transaction), changes: [...transaction.changes] }
}

/** The row lists of this moment: they are replaced by edits, never changed. */
function freezeTables(view: TablesView): TablesView {
  const tables = new Map<string, readonly Row[]>(TABLE_NAMES.map((table) => [table, view.read(table)]))
  return { read: (table) => tables.get(table) ?? [] }
}

/** Answers are remembered per snapshot: a snapshot of its own for every so many nodes keeps memory bounded. */
const CHUNK = 500

const pause = () => new Promise<void>((resolve) => setImmediate(resolve))

/**
 * @param known a snapshot of the tables before, or shortly before: only saves work
 */
export async function compileEffects(
  { before, after, changes }: ForeseenEdit,
  answers: NodeAnswers,
  known: Snapshot | undefined,
  onProgress: (line: string) => void = () => {},
): Promise<Effects> {
  const rows = netRowChanges(changes)
  if (rows.length === 0) return { rows, nodes: [] }
  const [number, next] = [known?.number ?? 1, (known?.number ?? 1) + 1]
  let old = compileSnapshot(before, known, number)
  let fresh = compileSnapshot(after, old, next)
  const names = affectedNodes(changes, { view: before, snapshot: old }, { view: after, snapshot: fresh })
  const kinds = new Map<string, NodesChange & { readonly nodes: string[] }>()
  for (const [at, name] of names.entries()) {
    if (at > 0 && at % CHUNK === 0) {
      await pause()
      if (at % (10 * CHUNK) === 0) onProgress(`${at} of ${names.length} nodes compared ...`)
      old = compileSnapshot(before, old, number)
      fresh = compileSnapshot(after, fresh, next)
    }
    const found = compareNode(name, old, fresh, answers)
    if (found === undefined) continue
    const same = kinds.get(found.key)
    if (same) same.nodes.push(name)
    else kinds.set(found.key, { ...found.change, nodes: [name] })
  }
  const nodes = [...kinds.values()].sort((a, b) => b.nodes.length - a.nodes.length)
  return { rows, nodes }
}

const NOTHING: Facts = new Map()

function compareNode(name: string, old: Snapshot, fresh: Snapshot, answers: NodeAnswers) {
  const [was, is] = [old.node(name), fresh.node(name)]
  const factsOf = (node: typeof was, snapshot: Snapshot) =>
    node === undefined ? NOTHING : compileFacts(node, snapshot, answers)
  const [before, after] = [factsOf(was, old), factsOf(is, fresh)]
  const changes = compareFacts(before, after)
  if (changes.length === 0) return undefined
  const kind: NodesChange['kind'] = was === undefined ? 'added' : is === undefined ? 'removed' : 'changed'
  return {
    change: { kind, changes, vanished: vanishedParts(before, after) },
    key: `${kind} ${changeKind(changes, was, is)}`,
  }
}
