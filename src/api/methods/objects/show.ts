/** lsdef: the tables room words everything. */

import type { Store } from '../../../store/store.ts'
import { describeAttributes, renderAttributeHelp } from '../../../tables/attribute-help.ts'
import { type LsdefRequest, planLsdef } from '../../../tables/lsdef.ts'
import { parseNicAttribute } from '../../../tables/nic-values.ts'
import { attributeNames, OBJECT_TYPES, type ObjectType } from '../../../tables/object-types.ts'
import { findObjectType, type ObjectsContext, readObject } from '../../../tables/objects.ts'
import { type Row, splitList, type TablesView } from '../../../tables/row.ts'
import { LOG_TABLES } from '../../../tables/schema.ts'
import { OperatorError } from '../../errors.ts'
import { commandResult } from '../../protocol.ts'
import { unknownName } from '../../suggest.ts'
import type { Method } from '../context.ts'
import { defined, messageResult, objectsContext } from './context.ts'
import { describeStale } from './stale-nodes.ts'

/** lsdef -h -t types [-i attributes] */
export const describe: Method<'objects.describe'> = (_context, { type: names, attributes }) => {
  const only = attributes === undefined ? undefined : splitList(attributes)
  const types = splitList(names).map((name) => {
    const type = findObjectType(name)
    if ('fault' in type) throw new OperatorError('LB_USAGE', type.fault.trim())
    return type
  })
  for (const name of only ?? [])
    if (types.every((type) => describeAttributes(type, [name]).length === 0))
      throw unknownName(
        'LB_BAD_INPUT',
        `'${name}' is not a valid attribute name for an object type of '${names}'`,
        name,
        types.flatMap((type) => attributeNames(type)),
      )
  const lines = types.flatMap((type) => renderAttributeHelp(type, only).trimEnd().split('\n'))
  return commandResult(
    lines,
    types.flatMap((type) => describeAttributes(type, only)),
  )
}

export const show: Method<'objects.show'> = async ({ store }, { type, attributes, names, data, nics, ...options }) => {
  const request: LsdefRequest = defined({
    ...options,
    types: type,
    names,
    attributes: nics ? nicAttributes() : attributes === undefined ? undefined : splitList(attributes),
  })
  refuseTogether(request, nics)
  const objects = objectsContext(await withLogs(store, splitList(type ?? 'node')))
  const { messages, exitStatus } = planLsdef(objects, request)
  const stale = tellsImage(request) ? describeStale(objects, () => listedNames(objects, request)) : []
  return messageResult(messages, exitStatus, data ? describeObjects(objects, request) : null, stale)
}

/** Nodes are listed with what they run, not by their names alone. */
function tellsImage({ types, names, long, short, compact, attributes }: LsdefRequest): boolean {
  if ((types ?? 'node') !== 'node' || short || compact || (names === undefined && !long)) return false
  return attributes === undefined || attributes.includes('current_osimage')
}

function listedNames(objects: ObjectsContext, request: LsdefRequest): Set<string> {
  return new Set(listObjects(objects, request).map(({ name }) => name))
}

/** More rows than anybody reads; tabdump gives all of them. */
const SHOWN_LOG_ROWS = 10_000

/** Logs are not among the tables: their newest rows are put beside them. */
async function withLogs(store: Store, types: readonly string[]): Promise<TablesView> {
  const logs = new Map<string, readonly Row[]>()
  for (const log of types) {
    if (!LOG_TABLES.has(log)) continue
    const rows: Row[] = []
    for await (const row of store.logs.rows(log, { newest: SHOWN_LOG_ROWS })) rows.push(row)
    logs.set(log, rows)
  }
  return logs.size === 0 ? store : { read: (table) => logs.get(table) ?? store.read(table) }
}

/** --nics */
function nicAttributes(): string[] {
  const type = OBJECT_TYPES.get('node') as ObjectType
  return type.attributes.filter(({ table }) => table === 'nics').map(({ name }) => name)
}

function refuseTogether(request: LsdefRequest, nics: boolean | undefined): void {
  const pairs = [
    ['--nics', nics, '-s', request.short],
    ['--nics', nics, '--osimage', request.osimage],
    ['-a', request.all, '-t', request.types],
    ['-l', request.long, '-s', request.short],
    ['-i', request.attributes, '-s', request.short],
    ['-z', request.stanza, '--osimage', request.osimage],
    ['-i', request.attributes, '--osimage', request.osimage],
  ] as const
  for (const [one, isOne, other, isOther] of pairs)
    if (isOne && isOther)
      throw new OperatorError('LB_USAGE', `The flags '${one}' and '${other}' cannot be used together.`)
  if (request.types?.includes(',') && request.names !== undefined)
    throw new OperatorError('LB_USAGE', 'Names of objects cannot be given with several types.')
  if (request.compact && !request.attributes)
    throw new OperatorError('LB_USAGE', "The flag '-c' can be used only together with '-i'.")
}

/** For programs: the objects that lsdef shows, as values. */
function describeObjects(objects: ObjectsContext, request: LsdefRequest): object[] {
  return listObjects(objects, request).map(({ type, name }) => {
    return { type: type.name, name, attributes: valuesOf(objects, type, name, request.attributes) }
  })
}

function listObjects(objects: ObjectsContext, request: LsdefRequest): { type: ObjectType; name: string }[] {
  const { where, hidden, all, types, names } = request
  const { messages } = planLsdef(objects, defined({ where, hidden, all, types, names, short: true }))
  return messages.flatMap(({ kind, text }) => {
    const [, name, typeName] = /^(\S+) +\((\w+)\)$/.exec(text) ?? []
    const type = kind === 'info' && typeName !== undefined ? findObjectType(typeName) : { fault: '' }
    return name === undefined || 'fault' in type ? [] : [{ type, name }]
  })
}

function valuesOf(
  objects: ObjectsContext,
  type: ObjectType,
  name: string,
  wanted: readonly string[] | undefined,
): Record<string, string | null> {
  const values = readObject(objects, type, name) ?? new Map()
  const partsOf = (attribute: string) =>
    [...values.keys()].filter((each) => parseNicAttribute(each)?.attribute === attribute)
  const chosen =
    wanted?.flatMap((attribute) => {
      const parts = values.has(attribute) ? [] : partsOf(attribute)
      return parts.length > 0 ? parts : [attribute]
    }) ?? [...values.keys()].sort()
  return Object.fromEntries(chosen.map((attribute) => [attribute, values.get(attribute)?.value ?? null]))
}
