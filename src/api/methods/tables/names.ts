/** Names of what there is, for the completion of command lines: small answers, also from large tables. */
import { groupNames, nodeNames } from '../../../tables/groups.ts'
import { attributeDefinitions, attributeNames, OBJECT_TYPES } from '../../../tables/object-types.ts'
import { objectNames } from '../../../tables/objects.ts'
import { createResolver } from '../../../tables/resolve.ts'
import type { TablesView } from '../../../tables/row.ts'
import { TABLES } from '../../../tables/schema.ts'
import { OperatorError } from '../../errors.ts'
import type { MethodParams } from '../../params.ts'
import { commandResult } from '../../protocol.ts'
import type { Method } from '../context.ts'

/** More than a terminal shows; a shell would only ask whether it should. */
const MOST_NAMES = 1000

type Named = readonly [name: string, description?: string | undefined]

export const names: Method<'tables.names'> = ({ store }, params) => {
  const { prefix = '' } = params
  const found = list(store, params).filter(([name]) => name.startsWith(prefix))
  const answer = found.length > MOST_NAMES ? shorten(found, prefix) : found
  return commandResult(
    answer.map(([name]) => name),
    answer,
  )
}

function list(view: TablesView, { of, type: typeName = 'node', table }: MethodParams['tables.names']): Named[] {
  const type = OBJECT_TYPES.get(typeName)
  switch (of) {
    case 'node':
      return [...nodeNames(view), ...groupNames(view)].map((name) => [name])
    case 'object':
      return type ? objectNames({ view, resolver: createResolver(view) }, type).map((name) => [name]) : []
    case 'type':
      return [...OBJECT_TYPES.keys()].map((name) => [name])
    case 'attribute':
      return type ? attributeNames(type).map((name) => [name, attributeDefinitions(type, name)[0]?.description]) : []
    case 'table':
      return [...TABLES.values()].map(({ name, description }) => [name, description])
    case 'node-table':
      return [...TABLES.values()].flatMap(({ name, description, nodeTable }) =>
        nodeTable ? [[name, description]] : [],
      )
    case 'column':
      return (TABLES.get(table ?? '')?.columns ?? []).map(({ name, description }) => [name, description])
    case 'key':
      return [...new Set([...TABLES.values()].flatMap(({ key }) => key))].sort().map((name) => [name])
    default:
      throw new OperatorError('LB_BAD_INPUT', `there are no names of ${of satisfies never}`)
  }
}

/** The names as far as they fit: all that go on in the same way are one. Nothing that could be typed is left out. */
function shorten(names: readonly Named[], prefix: string): Named[] {
  let shortened = new Set([prefix])
  for (let length = prefix.length + 1; ; length++) {
    const longer = new Set(names.map(([name]) => name.slice(0, length)))
    if (longer.size > MOST_NAMES) return [...shortened].map((name) => [name])
    shortened = longer
  }
}
