/** litefile.file: which paths may be listed, and which listed path is above which. */
import { limits } from './limits.ts'

/** Trees that belong to the kernel or to the statelite machinery itself. Nothing in or below them can be an entry. */
const FORBIDDEN_TREES = ['/proc', '/sys', '/dev', '/run', '/.statelite', '/.default', '/.sllocal'] as const

/** A trailing slash is what makes an entry a directory; the image is not asked. */
export function isDirectoryPath(path: string): boolean {
  return path.endsWith('/')
}

/** `/var/` and `/var` name the same object: this spelling is for comparing only. */
export function withoutTrailingSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}

/** Why this path cannot be an entry, in words; undefined when it can. */
export function checkEntryPath(path: string): string | undefined {
  if (path === '') return 'the path is empty'
  if (!path.startsWith('/')) return 'the path must be absolute (begin with /)'
  if (path === '/') return 'the whole root cannot be an entry'
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\u0000-\u001f\u007f-\u009f]/.test(path)) return 'the path has a control character'
  if (/\s/.test(path)) return 'the path has white space'
  if (path.includes(':')) return 'the path has a colon'
  // The kernel writes a backslash as \134 in /proc/self/mountinfo, where the node checks its mounts.
  if (path.includes('\\')) return 'the path has a backslash'
  if (!path.isWellFormed()) return 'the path is not valid Unicode'
  if (Buffer.byteLength(path) > limits.entryPathBytes) return `the path is longer than ${limits.entryPathBytes} bytes`
  const components = withoutTrailingSlash(path).slice(1).split('/')
  for (const component of components) {
    if (component === '') return 'the path has an empty component (//)'
    if (component === '.' || component === '..') return `the path has the component ${component}`
    if (Buffer.byteLength(component) > limits.pathComponentBytes) {
      return `a component is longer than ${limits.pathComponentBytes} bytes`
    }
  }
  const tree = FORBIDDEN_TREES.find((name) => `/${components[0]}` === name)
  if (tree !== undefined) return `nothing in ${tree} can be an entry`
  return undefined
}

/** Every directory above the path, nearest first, as `/a/b/`, `/a/`; the root itself is left out. */
export function ancestorsOf(path: string): string[] {
  const ancestors: string[] = []
  let rest = withoutTrailingSlash(path)
  for (let slash = rest.lastIndexOf('/'); slash > 0; slash = rest.lastIndexOf('/')) {
    rest = rest.slice(0, slash)
    ancestors.push(`${rest}/`)
  }
  return ancestors
}

/**
 * The nearest listed directory above `path`. Whole components are compared, from the root down: `/opt/x/etc/` is not above
 * `/etc/hosts` (xCAT compares by suffix and thinks it is).
 */
export function parentOf(path: string, listedDirs: ReadonlySet<string>): string | undefined {
  return ancestorsOf(path).find((ancestor) => listedDirs.has(ancestor))
}

/** Byte order of UTF-8, which is not JavaScript's order of UTF-16 units. A directory sorts before everything below it. */
export function comparePaths(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
