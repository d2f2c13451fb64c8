/** mkdef and chdef of `nicips.eth0` and its sisters: one interface changes, the others of the list stay. */
import { cellForm } from './cells.ts'
import type { PlanBuilder } from './messages.ts'
import { nicItems, parseNicAttribute, renderNicItems } from './nic-values.ts'
import type { WantedObject } from './object-rules.ts'
import type { ObjectType } from './object-types.ts'
import { type ObjectsContext, readAttribute } from './objects.ts'

type Mode = 'set' | 'append' | 'remove'

/** Attributes of single interfaces as whole lists; undefined: refused, and said why. */
export function foldNics(
  context: ObjectsContext,
  type: ObjectType,
  { name, attributes }: WantedObject,
  mode: Mode,
  builder: PlanBuilder,
): ReadonlyMap<string, string> | undefined {
  const lists = new Map<string, Map<string, string>>()
  for (const [written, value] of attributes) {
    const part = parseNicAttribute(written)
    if (!part) continue
    const { attribute, nic } = part
    const list = lists.get(attribute) ?? startingList(context, type, name, attribute, attributes, builder)
    if (!list) return undefined
    lists.set(attribute, list)
    const now = list.get(nic)
    const next = mode === 'set' ? value : mode === 'append' ? withValues(now, value) : withoutValues(now, value)
    if (next === undefined) {
      builder.error(
        now === undefined
          ? `No value got for attribute '${written}' for the '${name}' definition.`
          : `${value} is not in the attribute of '${written}' for the '${name}' definition.`,
      )
      return undefined
    }
    if (next === '') list.delete(nic)
    else list.set(nic, next)
  }
  return new Map([...lists].map(([attribute, list]) => [attribute, renderNicItems(list)]))
}

/** What is given with the same command, else what the object has now, from wherever it has it. */
function startingList(
  context: ObjectsContext,
  type: ObjectType,
  name: string,
  attribute: string,
  given: ReadonlyMap<string, string>,
  builder: PlanBuilder,
): Map<string, string> | undefined {
  const whole = given.get(attribute) ?? readAttribute(context, type, name, attribute)?.value ?? ''
  const items = nicItems(whole)
  if (items) return new Map(items)
  const what = cellForm(whole) === 'plain' ? 'not a list of interface!value' : 'a value pattern'
  builder.error(`${attribute} of '${name}' is ${what} (${whole}): give the whole list with ${attribute}=.`)
  return undefined
}

function withValues(now: string | undefined, value: string): string {
  const values = now === undefined || now === '' ? [] : now.split('|')
  for (const each of value.split('|')) if (!values.includes(each)) values.push(each)
  return values.join('|')
}

function withoutValues(now: string | undefined, value: string): string | undefined {
  const gone = value.split('|')
  const values = now?.split('|') ?? []
  if (gone.some((each) => !values.includes(each))) return undefined
  return values.filter((each) => !gone.includes(each)).join('|')
}
