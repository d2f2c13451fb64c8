/**
 * The entries liteimg works on, and the role each one plays in the tree.
 *
 * Pure: no file system. Paths are compared by component as plain strings, never as patterns (a `+` or `(` in a name is
 * just a letter here).
 */
import { ENTRY_OPTIONS, type EntryOption } from '../../statelite/options.ts'

export const LITE_OPTIONS = ENTRY_OPTIONS
export type LiteOption = EntryOption

/** One litefile entry as the statelite room compiles it. A path that ends in `/` is a directory. */
export interface LiteEntry {
  readonly option: LiteOption
  readonly path: string
  readonly parent: string | undefined
}

/**
 * `move`: link entry, its content lives in `/.default` and the path is a symlink.
 * `inside`: link entry below a `move` entry; its content is part of what was moved.
 * `copy`: any other entry; the original stays, `/.default` has a mirror of it.
 * `covered`: non-link entry below a `copy` entry; the mirror above it contains it.
 */
export type Role = 'move' | 'inside' | 'copy' | 'covered'

export interface RoledEntry {
  /** Path without leading or trailing slash: the key of the manifest. */
  readonly rel: string
  readonly path: string
  readonly option: LiteOption
  readonly wantsDirectory: boolean
  readonly role: Role
}

export function isLinkOption(option: LiteOption): boolean {
  return option === 'link' || option.startsWith('link,')
}

/** Directories of the image that no entry may name: kernel file systems and liteboot's own. */
const RESERVED = new Set(['proc', 'sys', 'dev', 'run', '.statelite', '.default', '.sllocal', 'xcatpost'])

function pathProblem(path: string): string | undefined {
  if (!path.startsWith('/')) return `${path} is not one absolute path`
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(path)) return `${JSON.stringify(path)} holds a control character`
  const parts = relOf(path).split('/')
  if (path === '/') return '/ cannot be an entry: list directories below it'
  if (parts.some((part) => part === '' || part === '.' || part === '..'))
    return `${path} has an empty, "." or ".." component`
  if (RESERVED.has(parts[0] ?? '')) return `${path} lies below /${parts[0]}, which is not the image's to keep`
  return undefined
}

export function relOf(path: string): string {
  return path.replace(/^\//, '').replace(/\/$/, '')
}

export function parentOf(rel: string): string {
  const cut = rel.lastIndexOf('/')
  return cut < 0 ? '' : rel.slice(0, cut)
}

/** Proper ancestors, outermost first; without the image root itself. */
export function ancestorsOf(rel: string): string[] {
  const parts = rel.split('/')
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'))
}

/**
 * Gives each entry its role. The parent/child matrix is the caller's `validate`; what is refused here is only what
 * liteimg itself could not carry out.
 */
export function assignRoles(entries: readonly LiteEntry[]): {
  readonly roled: readonly RoledEntry[]
  readonly problems: readonly string[]
} {
  const problems: string[] = []
  const byRel = new Map<string, LiteEntry>()
  for (const entry of entries) {
    const problem = LITE_OPTIONS.includes(entry.option)
      ? pathProblem(entry.path)
      : `${entry.path} has the invalid option ${entry.option}. The valid options: ${LITE_OPTIONS.join(' ')}`
    if (problem !== undefined) {
      problems.push(problem)
      continue
    }
    const rel = relOf(entry.path)
    const twin = byRel.get(rel)
    if (twin !== undefined) problems.push(`${entry.path} is listed twice (also as ${twin.path}): remove one row`)
    byRel.set(rel, entry)
  }
  const roled: RoledEntry[] = []
  for (const [rel, entry] of byRel) {
    const isLink = isLinkOption(entry.option)
    let role: Role = isLink ? 'move' : 'copy'
    for (const ancestor of ancestorsOf(rel)) {
      const above = byRel.get(ancestor)
      if (above === undefined) continue
      role = isLink ? 'inside' : 'covered'
      if (!above.path.endsWith('/'))
        problems.push(`${above.path} has ${entry.path} below it: list it as a directory, ${above.path}/`)
      if (isLinkOption(above.option) !== isLink)
        problems.push(
          isLink
            ? `Based on the option of ${above.path}, ${entry.path} should not use "link"-based options`
            : `Based on the option of ${above.path}, ${entry.path} can only use "link"-based options`,
        )
    }
    roled.push({ rel, path: entry.path, option: entry.option, wantsDirectory: entry.path.endsWith('/'), role })
  }
  // Parents sort before their children: '/' is not the smallest byte, so compare by component.
  roled.sort((a, b) => compareByComponent(a.rel, b.rel))
  return { roled, problems }
}

export function compareByComponent(a: string, b: string): number {
  const left = a.split('/')
  const right = b.split('/')
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const l = left[index] ?? ''
    const r = right[index] ?? ''
    if (l !== r) return l < r ? -1 : 1
  }
  return left.length - right.length
}

/** What `F` and `/.statelite/tmpfs/F` point to: relative, so that the tree works on the server and on the node. */
export function linkTargets(rel: string): { readonly image: string; readonly tmpfs: string } {
  const depth = rel.split('/').length - 1
  const up = depth === 0 ? '.' : Array(depth).fill('..').join('/')
  return { image: `${up}/.statelite/tmpfs/${rel}`, tmpfs: `../../${up}/.default/${rel}` }
}
