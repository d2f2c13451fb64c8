/** The one description of every table: it drives SQL, checks, help texts and the reference page. */
import { CLUSTER_TABLES } from './schema-cluster.ts'
import { DISCOVERY_TABLES } from './schema-discovery.ts'
import { HARDWARE_TABLES } from './schema-hardware.ts'
import { IMAGE_TABLES } from './schema-images.ts'
import { KEPT_TABLES } from './schema-kept.ts'
import { LOG_SCHEMAS, type LogSchema } from './schema-logs.ts'
import { NODE_TABLES } from './schema-nodes.ts'
import type { ColumnSchema, TableSchema } from './table-schema.ts'

export type { LogSchema } from './schema-logs.ts'
export type { ColumnSchema, TableSchema } from './table-schema.ts'

/** Sorted by name, as `tabdump` lists them. */
export const TABLES: ReadonlyMap<string, TableSchema> = new Map(
  [...CLUSTER_TABLES, ...NODE_TABLES, ...HARDWARE_TABLES, ...IMAGE_TABLES, ...DISCOVERY_TABLES, ...KEPT_TABLES]
    .map((table): [string, TableSchema] => [table.name, table])
    .sort(([a], [b]) => (a < b ? -1 : 1)),
)

/** auditlog, eventlog: looked at as tables are, but not part of what the cluster is; no `TablesView` has them. */
export const LOG_TABLES: ReadonlyMap<string, LogSchema> = new Map(LOG_SCHEMAS.map((log) => [log.name, log]))

export const TABLE_NAMES: readonly string[] = [...TABLES.keys()]

/** What tabdump knows by name: tables and logs, sorted. */
export const SCHEMAS: readonly TableSchema[] = [...TABLES.values(), ...LOG_TABLES.values()].sort((a, b) =>
  a.name < b.name ? -1 : 1,
)

export function tableSchema(name: string): TableSchema | undefined {
  return TABLES.get(name) ?? LOG_TABLES.get(name)
}

export function columnNames(table: TableSchema): string[] {
  return table.columns.map((column) => column.name)
}

export function findColumn(table: string, column: string): ColumnSchema | undefined {
  return tableSchema(table)?.columns.find(({ name }) => name === column)
}

/** Tables keyed by a node or group name. */
export const NODE_TABLE_NAMES: readonly string[] = [...TABLES.values()]
  .filter((table) => table.nodeTable)
  .map((table) => table.name)
