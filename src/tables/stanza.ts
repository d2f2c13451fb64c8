/** Stanza files: objects as text, written by lsdef -z and read by mkdef -z and chdef -z. */
import { renderHint } from './nearest-name.ts'
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
    ...[...attributes].map(([attribute, value]) => `    ${attribute}=${quoteValue(value)}`),
  ]
}

/**
 * What would not be read back as it is stands in double quotes; inside, everything counts as it stands. A line break
 * (xCAT has no way to write one) is a backslash at the end of the line.
 */
function quoteValue(value: string): string {
  return value !== value.trim() || value.startsWith('"') || /[\r\n]/.test(value)
    ? `"${value.replaceAll('\n', '\\\n')}"`
    : value
}

const HEADING = /^(\S+)\s*:\s*$/
const ASSIGNMENT = /^\s*([\w.-]+)\s*=[ \t]*(.*?)\s*$/s

/** `default-<type>:` gives values for the objects of that type that follow; a blank value takes one back. */
export function parseStanzas(text: string): {
  readonly objects: readonly Stanza[]
  readonly faults: readonly string[]
} {
  const objects: Stanza[] = []
  const faults: string[] = []
  const defaults = new Map<string, ReadonlyMap<string, string>>()
  const lines = new Map<string, number>()
  for (const { name, line, attributes } of splitStanzas(text, faults)) {
    const objtype = attributes.get('objtype')
    attributes.delete('objtype')
    const isDefault = name.startsWith('default-')
    const type = OBJECT_TYPES.get(objtype ?? (isDefault ? name.slice('default-'.length) : ''))
    if (!type) faults.push(typeFault(name, line, objtype))
    else if (isDefault) {
      const values = new Map([...(defaults.get(type.name) ?? []), ...attributes])
      defaults.set(type.name, new Map([...values].filter(([, value]) => value !== '')))
    } else {
      const before = lines.get(`${type.name} ${name}`)
      if (before !== undefined)
        faults.push(`line ${line}: '${name}' of type '${type.name}' stands in line ${before} already`)
      lines.set(`${type.name} ${name}`, line)
      objects.push({ type, name, attributes: new Map([...(defaults.get(type.name) ?? []), ...attributes]) })
    }
  }
  return { objects, faults }
}

function typeFault(name: string, line: number, objtype: string | undefined): string {
  if (objtype === undefined)
    return `line ${line}: '${name}' has no objtype=: write the type of the object in the line below`
  return `\nType '${objtype}' is not a valid xCAT object type (line ${line}, '${name}').${renderHint(objtype, OBJECT_TYPES.keys())}`
}

interface RawStanza {
  readonly name: string
  readonly line: number
  readonly attributes: Map<string, string>
}

function splitStanzas(text: string, faults: string[]): RawStanza[] {
  const stanzas: RawStanza[] = []
  const lines = text.replace(/^\ufeff/, '').split('\n')
  for (let at = 0; at < lines.length; at++) {
    const written = (lines[at] ?? '').trimEnd()
    const line = written.trim()
    if (line === '' || line.startsWith('#')) continue
    const heading = HEADING.exec(written)
    const [, attribute, value = ''] = ASSIGNMENT.exec(written) ?? []
    const current = stanzas.at(-1)
    if (heading?.[1] !== undefined && !/^\s/.test(written)) {
      stanzas.push({ name: heading[1], line: at + 1, attributes: new Map() })
    } else if (attribute === undefined || !current) {
      faults.push(`line ${at + 1}: "${line}" is neither "name:" nor "attribute=value"`)
    } else {
      const last = lastLine(lines, at, value)
      const whole = last === at ? value : joinLines(lines.slice(at, last + 1))
      at = last
      current.attributes.set(attribute, whole.replace(/^"(.*)"$/s, '$1'))
    }
  }
  return stanzas
}

/** Of a value in quotes, which goes on as long as lines end with a backslash. */
function lastLine(lines: readonly string[], from: number, value: string): number {
  if (!value.startsWith('"')) return from
  let at = from
  while (lines[at]?.endsWith('\\') && at + 1 < lines.length) at++
  return at
}

function joinLines(lines: readonly string[]): string {
  const text = lines.map((line, at) => (at < lines.length - 1 ? line.slice(0, -1) : line)).join('\n')
  return text.slice(text.indexOf('=') + 1).trim()
}
