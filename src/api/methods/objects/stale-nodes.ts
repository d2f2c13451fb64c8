/** What lsdef adds to its listing: nodes that still run another generation of their image than the one they will boot next. */
import { currentNumber } from '../../../image/generations/layout.ts'
import { parseBootName } from '../../../statelite/generations.ts'
import { foldNodeNames } from '../../../tables/noderange-fold.ts'
import { OBJECT_TYPES, type ObjectType } from '../../../tables/object-types.ts'
import { type ObjectsContext, readObject } from '../../../tables/objects.ts'
import { cell } from '../../../tables/row.ts'

/** @param listed the names in the listing. @returns one line per generation that is run */
export function describeStale(objects: ObjectsContext, listed: () => ReadonlySet<string>): string[] {
  const running = objects.view.read('noderes').filter((row) => cell(row, 'current_osimage') !== '')
  if (running.length === 0) return []
  const names = listed()
  const node = OBJECT_TYPES.get('node') as ObjectType
  const image = OBJECT_TYPES.get('osimage') as ObjectType
  const current = new Map<string, number | undefined>()
  const stale = new Map<string, string[]>()
  for (const row of running) {
    const [name, booted] = [cell(row, 'node'), cell(row, 'current_osimage')]
    const boot = parseBootName(booted)
    if (boot === undefined || !names.has(name)) continue
    if (readObject(objects, node, name)?.get('provmethod')?.value !== boot.image) continue
    if (!current.has(boot.image)) {
      const directory = readObject(objects, image, boot.image)?.get('rootimgdir')?.value
      current.set(boot.image, directory === undefined ? undefined : currentNumber(directory))
    }
    const number = current.get(boot.image)
    if (number === undefined || number === boot.number) continue
    const said = `stale: ${booted}, ${number} is current`
    stale.set(said, [...(stale.get(said) ?? []), name])
  }
  return [...stale].map(([said, nodes]) => `${foldNodeNames(nodes)}: ${said}`)
}
