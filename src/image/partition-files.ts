/** Partition files as the server reads them: again only when they have changed, because every boot asks. */
import { readFileSync, statSync } from 'node:fs'
import { errnoOf } from './image-error.ts'

/** `stamp` differs when the file does. */
export type PartitionFileText = { readonly text: string; readonly stamp: string } | { readonly fault: string }

/** A layout has some lines, a script some pages. */
const MOST_BYTES = 256 * 1024
/** Images of a site; more are read each time. */
const MOST_KEPT = 1000

export function openPartitionFiles(): (path: string) => PartitionFileText {
  const known = new Map<string, { readonly stamp: string; readonly content: PartitionFileText }>()
  return (path) => {
    let stamp: string
    try {
      const stat = statSync(path, { bigint: true })
      if (!stat.isFile()) return { fault: 'it is not a file' }
      if (stat.size > MOST_BYTES) return { fault: `it has ${stat.size} bytes, at most ${MOST_BYTES} are read` }
      stamp = `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`
      const found = known.get(path)
      if (found?.stamp === stamp) return found.content
      const content = { text: readFileSync(path, 'utf8'), stamp }
      if (known.size < MOST_KEPT || found) known.set(path, { stamp, content })
      return content
    } catch (error) {
      return { fault: errnoOf(error) === 'ENOENT' ? 'there is no such file' : `it cannot be read (${errnoOf(error)})` }
    }
  }
}
