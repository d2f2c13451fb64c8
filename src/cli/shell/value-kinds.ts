/** What a word on a command line is: told by the name it has in the help, so that it is said in one place only. */
import type { Argument, Option } from 'commander'
import type { CliCommand } from '../command.ts'

export type ValueKind =
  /** A noderange: nodes and groups. */
  | 'nodes'
  | 'groups'
  | 'images'
  | 'tables'
  /** A table; the rest is a file's name, as in `litefile.csv`. */
  | 'table-file'
  /** `table.column`. */
  | 'columns'
  /** `table.column=value`. */
  | 'column-words'
  /** chtab: first `key=value`, then `table.column=value`; with -d tables. */
  | 'row-words'
  /** Object types. */
  | 'types'
  /** Objects of the type that -t names. */
  | 'objects'
  /** Objects, and `attribute=value`. */
  | 'definition'
  /** Attributes of the type that -t names. */
  | 'attributes'
  /** `attribute==value`. */
  | 'attribute-conditions'
  /** `column==value` of the table that is the operand. */
  | 'column-conditions'
  | 'commands'
  | 'files'
  | 'directories'
  | 'nothing'

/** By the placeholder in the help: `-i, --image <image>`, `<noderange>`. */
const KINDS: Readonly<Record<string, ValueKind>> = {
  node: 'nodes',
  nodes: 'nodes',
  noderange: 'nodes',
  group: 'groups',
  groups: 'groups',
  image: 'images',
  images: 'images',
  osimage: 'images',
  table: 'tables',
  tables: 'tables',
  column: 'columns',
  columns: 'columns',
  type: 'types',
  types: 'types',
  object: 'objects',
  objects: 'objects',
  names: 'objects',
  attribute: 'attributes',
  attributes: 'attributes',
  command: 'commands',
  file: 'files',
  files: 'files',
  path: 'files',
  dir: 'directories',
  directory: 'directories',
}

export function argumentKind(command: CliCommand, argument: Argument): ValueKind {
  const name = argument.name()
  return command.completes?.[name] ?? KINDS[name] ?? 'nothing'
}

/** undefined: the option takes no value. */
export function optionKind(command: CliCommand, option: Option): ValueKind | undefined {
  const [, placeholder] = /[<[](.+?)(?:\.\.\.)?[>\]]$/.exec(option.flags) ?? []
  if (placeholder === undefined) return undefined
  return (
    command.completes?.[option.long ?? option.flags] ??
    command.completes?.[placeholder] ??
    KINDS[placeholder] ??
    'nothing'
  )
}
