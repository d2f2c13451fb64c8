/** What a word on a command line is: told by the name it has in the help, so that it is said in one place only. */
import type { Argument, Option } from 'commander'
import type { CliCommand } from '../command.ts'

export type ValueKind =
  /** A noderange: nodes and groups. */
  | 'nodes'
  | 'groups'
  | 'images'
  | 'tables'
  | 'nodes-or-images'
  /** `table.column`. */
  | 'columns'
  /** `table.column` of tables with rows of nodes; also groups, tags, mgt. */
  | 'node-columns'
  /** The same and `=value`. */
  | 'node-words'
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
  'noderange|image': 'nodes-or-images',
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

/** What a word may be; a list: these, and what may follow their `=`. */
export type Expected = ValueKind | readonly string[]

export function expectedArgument(command: CliCommand, argument: Argument): Expected {
  const name = argument.name()
  return argument.argChoices ?? command.completes?.[name] ?? KINDS[name] ?? 'nothing'
}

export function expectedValue(command: CliCommand, option: Option): Expected {
  const [, placeholder = ''] = /[<[](.+?)(?:\.\.\.)?[>\]]$/.exec(option.flags) ?? []
  return (
    option.argChoices ??
    command.completes?.[option.long ?? option.flags] ??
    command.completes?.[placeholder] ??
    KINDS[placeholder] ??
    'nothing'
  )
}
