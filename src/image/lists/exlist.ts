/**
 * exlist: what is left out when a root tree is packed.
 *
 * Patterns match as in find(1) `-path`: the whole path, and `*`, `?` and `[…]` match `/` as well. The order of the lines
 * means nothing: packed is what no pattern excludes, and what a `+` pattern puts back. A path that is put back brings its
 * directories along.
 */
import type { ListEntry, ListFault, ListOptions } from './list-file.ts'
import { readListFiles } from './list-file.ts'

export interface Exlist {
  /** Whether nothing is excluded. */
  readonly isEmpty: boolean
  readonly faults: readonly ListFault[]
  /** Patterns that no path has matched until now: most likely misspelt. */
  unmatched(): readonly ListEntry[]
  /**
   * Paths to pack, in the order they came, each once.
   * @param paths `.` and `./a/b`, a directory before what is in it
   */
  select(paths: Iterable<string>): Set<string>
}

interface Pattern {
  readonly entry: ListEntry
  readonly matches: (path: string) => boolean
  used: boolean
}

/** @param extra patterns that count as if they were written in the list */
export function readExlist(
  paths: readonly string[],
  options: Omit<ListOptions, 'trailingComments'>,
  extra: readonly string[] = [],
): Exlist {
  const { entries, faults } = readListFiles(paths, { ...options, trailingComments: true })
  const problems = [...faults]
  const excluded: Pattern[] = []
  const putBack: Pattern[] = []
  const given = extra.map((text, index) => ({ text, file: 'built in', line: index + 1 }))
  for (const entry of [...entries, ...given]) {
    const [, sign, written = ''] = /^([-+]?)\s*(.*)$/.exec(entry.text) ?? []
    if (written !== '.' && !/^\.\//.test(written) && !/^[*?[]/.test(written))
      problems.push({ place: entry, message: `'${written}' matches nothing: patterns begin with ./` })
    else if (written.endsWith('/'))
      problems.push({ place: entry, message: `'${written}' matches nothing: a pattern does not end in /` })
    const list = sign === '+' ? putBack : excluded
    list.push({ entry, matches: compileGlob(written), used: false })
  }
  return {
    isEmpty: excluded.length === 0,
    faults: problems,
    unmatched: () =>
      [...excluded, ...putBack]
        .filter(({ used, entry }) => !used && entry.file !== 'built in')
        .map(({ entry }) => entry),
    select(all) {
      const chosen = new Set<string>()
      for (const path of all) {
        const isOut = matchesAny(excluded, path)
        if (!isOut) chosen.add(path)
        else if (matchesAny(putBack, path)) addWithParents(chosen, path)
      }
      return chosen
    },
  }
}

/** Every pattern is asked, so that `unmatched` tells the truth. */
function matchesAny(patterns: readonly Pattern[], path: string): boolean {
  let found = false
  for (const pattern of patterns) {
    if (found && pattern.used) continue
    if (!pattern.matches(path)) continue
    pattern.used = true
    found = true
  }
  return found
}

function addWithParents(chosen: Set<string>, path: string): void {
  const missing: string[] = []
  for (let at = path; !chosen.has(at); at = at.slice(0, at.lastIndexOf('/'))) {
    missing.push(at)
    if (!at.includes('/')) break
  }
  for (const one of missing.reverse()) chosen.add(one)
}

/** A glob of fnmatch(3) without FNM_PATHNAME: nothing stops at a slash. */
export function compileGlob(glob: string): (path: string) => boolean {
  // Most patterns are a name, or a beginning.
  if (!/[*?[\\]/.test(glob)) return (path) => path === glob
  const star = glob.indexOf('*')
  if (star === glob.length - 1 && !/[?[\\]/.test(glob)) {
    const beginning = glob.slice(0, -1)
    return (path) => path.startsWith(beginning)
  }
  const expression = compileExpression(`^${globSource(glob)}$`)
  return (path) => expression?.test(path) ?? false
}

/** A range that runs backwards (`[z-a]`) matches nothing. */
function compileExpression(source: string): RegExp | undefined {
  try {
    return new RegExp(source, 'su')
  } catch {
    return undefined
  }
}

function globSource(glob: string): string {
  let source = ''
  for (let at = 0; at < glob.length; at++) {
    const char = glob[at] ?? ''
    if (char === '*') {
      // Several stars are one: a run of `.*` would take for ever on a path that does not match.
      if (glob[at - 1] !== '*') source += '.*'
    } else if (char === '?') source += '.'
    else if (char === '[') {
      const set = readSet(glob, at)
      source += set?.source ?? '\\['
      at = set?.end ?? at
    } else if (char === '\\' && at + 1 < glob.length) source += escapeChar(glob[++at] ?? '')
    else source += escapeChar(char)
  }
  return source
}

/** `[abc]`, `[a-z]`, `[!abc]`, `[]abc]`; undefined: the bracket is not closed and stands for itself. */
function readSet(glob: string, start: number): { readonly source: string; readonly end: number } | undefined {
  const negated = glob[start + 1] === '!' || glob[start + 1] === '^'
  const first = start + (negated ? 2 : 1)
  const end = glob.indexOf(']', first + 1)
  if (end === -1) return undefined
  const inside = glob.slice(first, end).replace(/[\\\]^[]/g, '\\$&')
  return { source: `[${negated ? '^' : ''}${inside}]`, end }
}

function escapeChar(char: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char
}
