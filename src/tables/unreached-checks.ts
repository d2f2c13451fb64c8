/** Rows of node tables that speak for nobody: most often a name with a slip in it. Legal, and no fault of an edit. */
import type { Finding } from './findings.ts'
import { groupNames } from './groups.ts'
import { nearestName } from './nearest-name.ts'
import { indexRows, type TablesView } from './row.ts'
import { TABLES } from './schema.ts'

/** Rows with a meaning of their own. */
const RESERVED = new Set(['', 'xcatdefaults', 'service', 'servicenode'])

/** Rows of a table that once were for nodes that are gone can be many. */
const MOST_OF_A_TABLE = 20

/** No severity stands for "good to know" in the tables room: the caller says what it is worth. */
export function findUnreached(view: TablesView): readonly Omit<Finding, 'severity'>[] {
  const nodes = indexRows(view.read('nodelist'), 'node')
  const names = new Set([...nodes.keys(), ...groupNames(view)])
  const findings: Omit<Finding, 'severity'>[] = []
  for (const { name: table, nodeTable } of TABLES.values()) {
    if (!nodeTable || table === 'nodelist') continue
    const lost = [...indexRows(view.read(table), 'node').keys()].filter((key) => !names.has(key) && !RESERVED.has(key))
    for (const key of lost.slice(0, MOST_OF_A_TABLE)) {
      const near = nearestName(key, names)
      const remedy = near === undefined ? 'remove it, or define the node or group' : `did you mean ${near}?`
      findings.push({
        code: 'unreached',
        table,
        row: `node=${key}`,
        message: 'there is no node and no group of this name',
        remedy,
      })
    }
    if (lost.length > MOST_OF_A_TABLE) {
      const message = `${lost.length - MOST_OF_A_TABLE} more rows for no node and no group`
      findings.push({ code: 'unreached', table, row: '', message })
    }
  }
  return findings
}
