/** What nodes of an image saw under xCAT beside what they see now: the proof of an import, path by path. */
import { compileImages, compileLitefile } from '../../../cluster/images.ts'
import { compileSite } from '../../../cluster/site.ts'
import { selectEntries } from '../../../statelite/entries.ts'
import { parseOption } from '../../../statelite/options.ts'
import type { TablesView } from '../../../tables/row.ts'

export interface Difference {
  readonly image: string
  readonly path: string
  /** Options; undefined: not listed, so read-only. */
  readonly before: string | undefined
  readonly now: string | undefined
}

export function compareAnswers(
  view: TablesView,
  before: ReadonlyMap<string, ReadonlyMap<string, string>>,
): Difference[] {
  const ignored: string[] = []
  const rows = compileLitefile(view)
  const images = compileImages(view, compileSite(view, ignored), ignored)
  return [...images.values()].flatMap((image) => {
    const old = before.get(image.name)
    if (old === undefined) return []
    const now = new Map(selectEntries(image, rows).entries.map(({ path, option }) => [path, option]))
    return [...new Set([...old.keys(), ...now.keys()])].sort().flatMap((path) => {
      const stored = old.get(path)
      // liteboot leaves /etc/mtab to the image, on purpose.
      if (path === '/etc/mtab' || meaning(stored) === now.get(path)) return []
      return { image: image.name, path, before: stored, now: now.get(path) }
    })
  })
}

function meaning(stored: string | undefined): string | undefined {
  if (stored === undefined) return undefined
  const parsed = parseOption(stored)
  return 'fault' in parsed ? stored : parsed.option
}
