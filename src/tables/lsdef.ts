/** lsdef: objects → the lines it prints. */
import { type Condition, parseCondition } from './conditions.ts'
import { type CommandPlan, PlanBuilder } from './messages.ts'
import { parseNicAttribute } from './nic-values.ts'
import { defaultScripts } from './object-rules.ts'
import { attributeDefinitions, attributeNames, OBJECT_TYPES, type ObjectType } from './object-types.ts'
import {
  type AttributeValue,
  createMissing,
  findObjectType,
  type ObjectsContext,
  objectNames,
  parseObjectNames,
  readAttribute,
  readObject,
  renderUnknownAttribute,
  TYPE_ORDER,
} from './objects.ts'
import { splitList } from './row.ts'
import { renderStanza, STANZA_HEADER } from './stanza.ts'

export interface LsdefRequest {
  /** -t: a type, or a comma list of types. */
  readonly types?: string
  readonly names?: string
  /** -i */
  readonly attributes?: readonly string[]
  readonly compact?: boolean
  readonly long?: boolean
  readonly short?: boolean
  /** -a */
  readonly all?: boolean
  /** -w, each as written. */
  readonly where?: readonly string[]
  readonly stanza?: boolean
  /** -S */
  readonly hidden?: boolean
  readonly verbose?: boolean
  /** --osimage */
  readonly osimage?: boolean
}

interface Shown {
  readonly type: ObjectType
  readonly name: string
  readonly attributes: ReadonlyMap<string, AttributeValue>
}

export function planLsdef(context: ObjectsContext, request: LsdefRequest): CommandPlan {
  const builder = new PlanBuilder()
  const types = request.all ? [...TYPE_ORDER] : splitList(request.types ?? 'node')
  const conditions = parseWhere(request.where ?? [], builder)
  if (!conditions) return builder.plan(1)
  const shown: Shown[] = []
  for (const typeName of types) {
    const type = findObjectType(typeName)
    if ('fault' in type) {
      builder.error(type.fault)
      return builder.plan(1)
    }
    const names = chooseNames(context, type, request, builder)
    if (!names) return builder.plan(1)
    const long = isLong(request) || conditions.length > 0
    shown.push(...readShown(context, type, names, long, conditions, builder))
  }
  const wanted =
    request.attributes === undefined ? undefined : checkAttributes(shown, types, request.attributes, builder)
  if (shown.length === 0) builder.info(nothingFound(request))
  else render(context, request, shown, wanted, types.length > 1, builder)
  return builder.plan()
}

function nothingFound({ names, where }: LsdefRequest): string {
  const asked = names !== undefined || (where ?? []).length > 0
  return asked ? 'No object definitions have been found' : 'Could not find any object definitions to display.'
}

/** Names, -i and -z ask for attributes by themselves. */
function isLong({ long, names, attributes, stanza, short, osimage }: LsdefRequest): boolean {
  return (
    !short && (long === true || names !== undefined || attributes !== undefined || stanza === true || osimage === true)
  )
}

function parseWhere(where: readonly string[], builder: PlanBuilder): Condition[] | undefined {
  const conditions: Condition[] = []
  for (const text of where) {
    const condition = parseCondition(text)
    if (condition && !('fault' in condition)) conditions.push(condition)
    else {
      builder.error('Incorrect selection string specified with -w flag.')
      if (condition) builder.error(condition.fault)
      return undefined
    }
  }
  return conditions
}

function chooseNames(
  context: ObjectsContext,
  type: ObjectType,
  request: LsdefRequest,
  builder: PlanBuilder,
): readonly string[] | undefined {
  if (request.names === undefined) {
    const names = objectNames(context, type)
    if (type.name !== 'node' || request.hidden) return names
    return names.filter((name) => context.resolver.value(name, 'nodelist', 'hidden') !== '1')
  }
  if (/\s/.test(request.names.trim())) {
    builder.error('noderange can not contain spaces.')
    return undefined
  }
  const { names, faults } = parseObjectNames(context, type, request.names)
  for (const fault of faults) builder.error(fault)
  if (names.length === 0 && faults.length === 0)
    builder.error(`No ${type.name} in '${request.names}', check the noderange syntax.`)
  return names.length === 0 ? undefined : names
}

function readShown(
  context: ObjectsContext,
  type: ObjectType,
  names: readonly string[],
  long: boolean,
  conditions: readonly Condition[],
  builder: PlanBuilder,
): Shown[] {
  const shown: Shown[] = []
  const missing = createMissing(context)
  const known = long || conditions.length > 0 ? undefined : new Set(objectNames(context, type))
  const namesOnly = (name: string) => (known?.has(name) ? new Map<string, AttributeValue>() : undefined)
  for (const name of names) {
    const attributes = long || conditions.length > 0 ? readObject(context, type, name) : namesOnly(name)
    if (!attributes) {
      builder.error(missing(type, name))
      continue
    }
    // An object that lacks the attribute never matches, not even `!=`.
    const matches = conditions.every((condition) => {
      const value = condition.name === type.key ? name : shownValue(context, type, name, attributes, condition.name)
      return value !== undefined && condition.matches(value)
    })
    if (matches) shown.push({ type, name, attributes })
  }
  return shown
}

/** A list of interfaces is taken apart when it is shown, but may be asked for as a whole. */
function shownValue(
  context: ObjectsContext,
  type: ObjectType,
  name: string,
  attributes: ReadonlyMap<string, AttributeValue>,
  asked: string,
): string | undefined {
  return (attributes.get(asked) ?? readAttribute(context, type, name, asked))?.value
}

/** Sorted; unknown names are reported once and left out. */
function checkAttributes(
  shown: readonly Shown[],
  types: readonly string[],
  asked: readonly string[],
  builder: PlanBuilder,
): string[] {
  const known = new Set<string>()
  for (const typeName of types) {
    const type = OBJECT_TYPES.get(typeName) as ObjectType
    for (const name of asked) {
      if (type.name === 'site' || name === type.key || attributeDefinitions(type, name).length > 0) known.add(name)
      else if (types.length === 1 && shown.length > 0) builder.error(renderUnknownAttribute(type, name))
    }
  }
  return [...known].sort()
}

function render(
  context: ObjectsContext,
  request: LsdefRequest,
  shown: readonly Shown[],
  wanted: readonly string[] | undefined,
  manyTypes: boolean,
  builder: PlanBuilder,
): void {
  if (request.stanza) builder.info(STANZA_HEADER)
  for (const object of shown) {
    const values = chooseValues(context, request, object, wanted)
    const { name, type } = object
    if (request.stanza) {
      const set = values
        .filter(([, value]) => value !== undefined)
        .map(([attribute, value]) => [attribute, value?.value ?? ''] as const)
      for (const line of renderStanza(type.name, name, set)) builder.info(line)
    } else if (request.compact) {
      for (const [attribute, value] of values)
        builder.info(`${name}: ${renderAttribute(context, object, attribute, value, request)}`)
    } else if (isLong(request)) {
      builder.info(manyTypes ? `Object name: ${name}  (${type.name})` : `Object name: ${name}`)
      for (const [attribute, value] of values)
        builder.info(`    ${renderAttribute(context, object, attribute, value, request)}`)
    } else builder.info(`${name} ${request.all ? '' : ' '}(${type.name})`)
  }
}

function renderAttribute(
  { resolver }: ObjectsContext,
  { type, name }: Shown,
  attribute: string,
  value: AttributeValue | undefined,
  { verbose }: LsdefRequest,
): string {
  // Of a node: its own row, or the row of the group that it has the value from.
  const isNodes = type.name === 'node' && value?.key === name
  const key = verbose && value && isNodes ? (resolver.source(name, value.table, value.column) ?? name) : value?.key
  const origin = verbose && value ? `\t(Table:${value.table} - Key:${key} - Column:${value.column})` : ''
  return `${attribute}=${value?.value ?? ''}${origin}`
}

type ShownValue = readonly [attribute: string, value: AttributeValue | undefined]

function chooseValues(
  context: ObjectsContext,
  request: LsdefRequest,
  object: Shown,
  wanted: readonly string[] | undefined,
): ShownValue[] {
  const values = new Map<string, AttributeValue | undefined>(object.attributes)
  if (object.type.name === 'node' && !request.stanza) prependDefaults(context, values)
  if (object.type.name === 'node' && request.osimage) appendImage(context, values)
  if (wanted) return wanted.flatMap((attribute) => chosenValues(values, attribute))
  return [...values].sort(([a], [b]) => (a < b ? -1 : 1))
}

/** `nicips` stands for all of its interfaces. */
function chosenValues(values: ReadonlyMap<string, AttributeValue | undefined>, attribute: string): ShownValue[] {
  const parts = [...values].filter(([name]) => parseNicAttribute(name)?.attribute === attribute)
  if (parts.length > 0 && !values.has(attribute)) return parts.sort(([a], [b]) => (a < b ? -1 : 1))
  return [[attribute, values.get(attribute)]]
}

function prependDefaults(context: ObjectsContext, values: Map<string, AttributeValue | undefined>): void {
  for (const name of ['postscripts', 'postbootscripts']) {
    const defaults = defaultScripts(context, name)
    const own = values.get(name)
    if (defaults === '') continue
    const value = own ? `${defaults},${own.value}` : defaults
    values.set(name, { table: 'postscripts', key: own?.key ?? 'xcatdefaults', column: name, value })
  }
}

function appendImage(context: ObjectsContext, values: Map<string, AttributeValue | undefined>): void {
  const image = values.get('provmethod')?.value
  const type = OBJECT_TYPES.get('osimage') as ObjectType
  if (image === undefined) return
  for (const attribute of attributeNames(type)) {
    const value = readAttribute(context, type, image, attribute)
    if (value && !values.has(attribute)) values.set(attribute, value)
  }
}
