/**
 * Columns of the nics table are lists `interface!value`; `nicips.eth0` names the value of one interface. Several values of
 * one interface are joined by a bar.
 */
import { cellForm } from './cells.ts'

export interface NicAttribute {
  /** `nicips` */
  readonly attribute: string
  /** `eth0` */
  readonly nic: string
}

export function parseNicAttribute(name: string): NicAttribute | undefined {
  const [, attribute, nic] = /^(nic[a-z]+)\.([^\s,!|]+)$/.exec(name) ?? []
  return attribute === undefined || nic === undefined ? undefined : { attribute, nic }
}

/** undefined: not such a list (a value pattern, or an item without an interface). */
export function nicItems(cell: string): ReadonlyMap<string, string> | undefined {
  if (cellForm(cell) !== 'plain') return undefined
  const items = new Map<string, string>()
  for (const item of cell.split(',')) {
    if (item.trim() === '') continue
    const bang = item.indexOf('!')
    const nic = item.slice(0, Math.max(0, bang)).trim()
    if (nic === '' || items.has(nic) || parseNicAttribute(`nicips.${nic}`) === undefined) return undefined
    items.set(nic, item.slice(bang + 1).trim())
  }
  return items
}

export function renderNicItems(items: ReadonlyMap<string, string>): string {
  return [...items].map(([nic, value]) => `${nic}!${value}`).join(',')
}
