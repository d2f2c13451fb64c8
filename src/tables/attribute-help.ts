/** The attributes that objects of a type have, and what they are for. */
import { attributeDefinitions, attributeNames, type ObjectType } from './object-types.ts'
import { findColumn } from './schema.ts'
import { describeSite } from './site-settings.ts'

/** lsdef -h -t <type> */
export function renderAttributeHelp(type: ObjectType, only?: readonly string[]): string {
  const lines = [
    `The valid attribute names for object type '${type.name}' are:`,
    '',
    'Attribute          Description',
    '',
  ]
  for (const { name, description } of describeAttributes(type, only)) {
    const tabs = name.length < 7 ? '\t\t' : '\t'
    lines.push(`${name}:${tabs}${description}`, '')
  }
  return lines.join('\n')
}

export interface AttributeDescription {
  readonly name: string
  readonly description: string
}

/** All attributes of the type, its key among them; `only`: these. An attribute of two tables is described by the first. */
export function describeAttributes(type: ObjectType, only?: readonly string[]): AttributeDescription[] {
  if (type.name === 'site') return only ? [] : describeSite()
  const key = type.name === 'group' ? 'groupname' : type.key
  const names = [...new Set([...attributeNames(type), key])].sort()
  return names
    .filter((name) => !only || only.includes(name))
    .map((name) => {
      const definition = attributeDefinitions(type, name)[0]
      return { name, description: definition?.description ?? findColumn(type.home, key)?.description ?? '' }
    })
}
