/** Holds the current snapshot and compiles a new one when the tables change. */
import type { TablesView } from '../tables/row.ts'
import type { Cluster, Snapshot } from './model.ts'
import { compileSnapshot } from './snapshot.ts'

/** What the cluster needs of a store. */
export interface TablesSource extends TablesView {
  readonly revision: number
  onChange(listener: () => void): () => void
}

export interface OpenCluster extends Cluster {
  /** Resolves with the first snapshot compiled from this revision of the tables or a later one. */
  waitFor(revision: number): Promise<Snapshot>
  /** Compiles now instead of in the next turn of the event loop. */
  compileNow(): Snapshot
  close(): void
}

export interface ClusterOptions {
  /** Runs a task soon, after what is under way: several edits in a row give one snapshot. Default: setImmediate. */
  readonly soon?: (task: () => void) => void
}

export function openCluster(source: TablesSource, options: ClusterOptions = {}): OpenCluster {
  const soon = options.soon ?? ((task) => void setImmediate(task))
  const listeners = new Set<(snapshot: Snapshot) => void>()
  let waiting: { revision: number; resolve: (snapshot: Snapshot) => void; reject: (reason: Error) => void }[] = []
  let current = compileSnapshot(source, undefined, 1)
  let compiledRevision = source.revision
  let due = false
  let closed = false

  function compileNow(): Snapshot {
    due = false
    compiledRevision = source.revision
    current = compileSnapshot(source, current, current.number + 1)
    for (const listener of [...listeners]) listener(current)
    const reached = waiting.filter(({ revision }) => revision <= compiledRevision)
    waiting = waiting.filter(({ revision }) => revision > compiledRevision)
    for (const { resolve } of reached) resolve(current)
    return current
  }

  const unsubscribe = source.onChange(() => {
    if (due) return
    due = true
    soon(() => {
      if (due && !closed) compileNow()
    })
  })

  return {
    get current() {
      return current
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    waitFor(revision) {
      if (revision <= compiledRevision) return Promise.resolve(current)
      return new Promise((resolve, reject) => waiting.push({ revision, resolve, reject }))
    },
    compileNow,
    close() {
      closed = true
      unsubscribe()
      listeners.clear()
      for (const { reject } of waiting) reject(new Error('the cluster was closed'))
      waiting = []
    },
  }
}
