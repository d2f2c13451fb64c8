/** Stanza files: objects as text, written by lsdef -z and read by mkdef -z and chdef -z. */
import { OBJECT_TYPES, type ObjectType } from './object-types.ts'

export interface Stanza {
  readonly type: ObjectType
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
}

export const STANZA_HEADER = '# <xCAT data object stanza file>'

export function renderStanza(type: string, name: string, attributes: Iterable<readonly [string, string]>): string[] {
  return [
    '',
    `${name}:`,
    `    objtype=${type}`,
    ...[...attributes].map(([attribute, value]) => `    ${attribute}=${value}`),
  ]
}

const HEADING = /^(\S+)\s*:\s*$/
const ASSIGNMENT = /^\s*([\w.-]+)\s*=\s*(.*?)\s*$/

/** `default-<type>:` gives values for the objects of that type that follow. */
export function parseStanzas(text: string): {
  readonly objects: readonly Stanza[]
  readonly faults: readonly string[]
} {
  const objects: Stanza[] = []
  const faults: string[] = []
  const defaults = new Map<string, ReadonlyMap<string, string>>()
  for (const { name, line, attributes } of splitStanzas(text, faults)) {
    const objtype = attributes.get('objtype')
    attributes.delete('objtype')
    const isDefault = name.startsWith('default-')
    const type = OBJECT_TYPES.get(objtype ?? (isDefault ? name.slice('default-'.length) : ''))
    if (!type)
      faults.push(
        objtype === undefined
          ? `line ${line}: '${name}' has no objtype=`
          : `\nType '${objtype}' is not a valid xCAT object type.`,
      )
    else if (isDefault) defaults.set(type.name, attributes)
    else objects.push({ type, name, attributes: new Map([...(defaults.get(type.name) ?? []), ...attributes]) })
  }
  return { objects, faults }
}

interface RawStanza {
  readonly name: string
  readonly line: number
  readonly attributes: Map<string, string>
}

function splitStanzas(text: string, faults: string[]): RawStanza[] {
  const stanzas: RawStanza[] = []
  text.split('\n').forEach((written, index) => {
    const line = written.trim()
    if (line === '' || line.startsWith('#')) return
    const heading = HEADING.exec(written)
    const [, attribute, value = ''] = ASSIGNMENT.exec(written) ?? []
    const current = stanzas.at(-1)
    if (heading?.[1] !== undefined && !/^\s/.test(written))
      stanzas.push({ name: heading[1], line: index + 1, attributes: new Map() })
    else if (attribute === undefined || !current)
      faults.push(`line ${index + 1}: "${line}" is neither "name:" nor "attribute=value"`)
    else current.attributes.set(attribute, value.replace(/^"(.*)"$/s, '$1'))
  })
  return stanzas
}
