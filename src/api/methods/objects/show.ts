/** lsdef: the tables room words everything. */
import { type LsdefRequest, planLsdef, renderAttributeHelp } from '../../../tables/lsdef.ts'
import type { ObjectType } from '../../../tables/object-types.ts'
import { findObjectType, type ObjectsContext, readObject } from '../../../tables/objects.ts'
import { splitList } from '../../../tables/row.ts'
import { OperatorError } from '../../errors.ts'
import { commandResult } from '../../protocol.ts'
import type { Method } from '../context.ts'
import { defined, messageResult, objectsContext } from './context.ts'

/** lsdef -h -t type */
export const describe: Method<'objects.describe'> = (_context, { type: name }) => {
  const type = findObjectType(name)
  if ('fault' in type) throw new OperatorError('LB_USAGE', type.fault.trim())
  return commandResult(renderAttributeHelp(type).trimEnd().split('\n'), type.attributes)
}

export const show: Method<'objects.show'> = ({ store }, { type, attributes, names, data, ...options }) => {
  const request: LsdefRequest = defined({
    ...options,
    types: type,
    names,
    attributes: attributes === undefined ? undefined : splitList(attributes),
  })
  refuseTogether(request)
  const objects = objectsContext(store)
  const { messages, exitStatus } = planLsdef(objects, request)
  return messageResult(messages, exitStatus, data ? describeObjects(objects, request) : null)
}

function refuseTogether(request: LsdefRequest): void {
  const pairs = [
    ['-a', request.all, '-t', request.types],
    ['-l', request.long, '-s', request.short],
    ['-i', request.attributes, '-s', request.short],
    ['-z', request.stanza, '--osimage', request.osimage],
    ['-i', request.attributes, '--osimage', request.osimage],
  ] as const
  for (const [one, isOne, other, isOther] of pairs)
    if (isOne && isOther)
      throw new OperatorError('LB_USAGE', `The flags '${one}' and '${other}' cannot be used together.`)
  if (request.compact && !request.attributes)
    throw new OperatorError('LB_USAGE', "The flag '-c' can be used only together with '-i'.")
}

/** For programs: the objects that lsdef shows, as values. */
function describeObjects(objects: ObjectsContext, request: LsdefRequest): object[] {
  const { where, hidden, all, types, names } = request
  const { messages } = planLsdef(objects, defined({ where, hidden, all, types, names, short: true }))
  return messages.flatMap(({ kind, text }) => {
    const [, name, typeName] = /^(\S+) +\((\w+)\)$/.exec(text) ?? []
    const type = kind === 'info' && typeName !== undefined ? findObjectType(typeName) : { fault: '' }
    if (name === undefined || 'fault' in type) return []
    return [{ type: type.name, name, attributes: valuesOf(objects, type, name, request.attributes) }]
  })
}

function valuesOf(
  objects: ObjectsContext,
  type: ObjectType,
  name: string,
  wanted: readonly string[] | undefined,
): Record<string, string | null> {
  const values = readObject(objects, type, name) ?? new Map()
  const chosen = wanted ?? [...values.keys()].sort()
  return Object.fromEntries(chosen.map((attribute) => [attribute, values.get(attribute)?.value ?? null]))
}
