/**
 * The text files that depmod leaves in a module tree (modules.dep(5), modprobe.d(5)). Pure; any architecture.
 * Names are compared as the kernel does: `-` and `_` are one letter.
 */

export interface ModuleIndex {
  /** Path relative to the module tree → what it needs, as in modules.dep (last one is loaded first). */
  readonly dependencies: ReadonlyMap<string, readonly string[]>
  readonly pathByName: ReadonlyMap<string, string>
  readonly builtin: ReadonlySet<string>
  readonly soft: ReadonlyMap<string, SoftDependencies>
  readonly aliases: readonly { readonly pattern: string; readonly name: string }[]
}

export interface SoftDependencies {
  readonly pre: readonly string[]
  readonly post: readonly string[]
}

export interface ModuleTexts {
  readonly dep: string
  readonly builtin: string
  readonly softdep: string
  readonly alias: string
}

/** `kernel/fs/nfs/nfs-v3.ko.xz` → `nfs_v3`. */
export function moduleName(path: string): string {
  const base = path.slice(path.lastIndexOf('/') + 1)
  return base.replace(/\.ko(\.(gz|xz|zst))?$/, '').replaceAll('-', '_')
}

export function parseModuleIndex(texts: ModuleTexts): ModuleIndex {
  const dependencies = new Map<string, readonly string[]>()
  const pathByName = new Map<string, string>()
  for (const line of linesOf(texts.dep)) {
    const cut = line.indexOf(':')
    if (cut < 0) continue
    const path = line.slice(0, cut)
    dependencies.set(
      path,
      line
        .slice(cut + 1)
        .split(' ')
        .filter((word) => word !== ''),
    )
    pathByName.set(moduleName(path), path)
  }
  const soft = new Map<string, { pre: string[]; post: string[] }>()
  for (const line of linesOf(texts.softdep)) {
    const [word, name, ...rest] = line.split(/\s+/)
    if (word !== 'softdep' || name === undefined) continue
    const key = name.replaceAll('-', '_')
    const entry = soft.get(key) ?? { pre: [], post: [] }
    // Words before any `pre:`/`post:` belong to none (kmod ignores them).
    let list: string[] | undefined
    for (const item of rest) {
      if (item === 'pre:') list = entry.pre
      else if (item === 'post:') list = entry.post
      else list?.push(item)
    }
    soft.set(key, entry)
  }
  const aliases: { pattern: string; name: string }[] = []
  for (const line of linesOf(texts.alias)) {
    const match = /^alias (\S+) (\S+)$/.exec(line)
    if (match !== null) aliases.push({ pattern: match[1] ?? '', name: (match[2] ?? '').replaceAll('-', '_') })
  }
  return { dependencies, pathByName, builtin: new Set(linesOf(texts.builtin).map(moduleName)), soft, aliases }
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}

/** Modules that a name or alias (`crypto-crc32c`, `platform:idma64`) stands for, as paths. */
export function resolveModule(index: ModuleIndex, wanted: string): string[] {
  const direct = index.pathByName.get(wanted.replaceAll('-', '_'))
  if (direct !== undefined) return [direct]
  const names = new Set<string>()
  for (const { pattern, name } of index.aliases) if (matchesAlias(pattern, wanted)) names.add(name)
  return [...names].map((name) => index.pathByName.get(name)).filter((path) => path !== undefined)
}

const patternCache = new Map<string, RegExp>()

/** fnmatch(3) as modprobe uses it: `*`, `?`, `[…]`; `-` and `_` are one letter. */
export function matchesAlias(pattern: string, text: string): boolean {
  let regex = patternCache.get(pattern)
  if (regex === undefined) {
    const source = pattern
      .replaceAll(/\[[^\]]*\]|[^[]/g, (piece) => {
        if (piece === '*') return '.*'
        if (piece === '?') return '.'
        if (piece === '-' || piece === '_') return '[-_]'
        if (piece.length > 1) return piece.replace('[!', '[^').replaceAll('\\', '\\\\')
        return piece.replace(/[\\^$.|+(){}\]]/, '\\$&')
      })
      .replaceAll(/\[$/g, '\\[')
    regex = new RegExp(`^${source}$`)
    patternCache.set(pattern, regex)
  }
  return regex.test(text)
}

/** The modules and all they need, hard and soft, each once, in an order in which they can be loaded. */
export function closeOverDependencies(index: ModuleIndex, wanted: Iterable<string>): string[] {
  const ordered: string[] = []
  const seen = new Set<string>()
  const visit = (path: string) => {
    if (seen.has(path)) return
    seen.add(path)
    const soft = index.soft.get(moduleName(path))
    for (const name of soft?.pre ?? []) for (const found of resolveModule(index, name)) visit(found)
    for (const needed of [...(index.dependencies.get(path) ?? [])].reverse()) visit(needed)
    ordered.push(path)
    for (const name of soft?.post ?? []) for (const found of resolveModule(index, name)) visit(found)
  }
  for (const path of wanted) visit(path)
  return ordered
}

/** Where a module stands in the initrd: not compressed, because busybox modprobe may not know the compression. */
export function plainPath(path: string): string {
  return path.replace(/\.(gz|xz|zst)$/, '')
}

/**
 * modules.dep for busybox modprobe and kmod: each line complete, in reverse load order. Soft dependencies that name a
 * module become hard ones: busybox knows no others. Those that are aliases stay soft (the kernel asks for them by
 * itself), since some of their providers refuse to load on some machines.
 */
export function renderModulesDep(index: ModuleIndex, included: readonly string[]): string {
  const set = new Set(included)
  return [...included]
    .sort()
    .map((path) => {
      const needed = hardClosure(index, path).filter((other) => other !== path && set.has(other))
      return `${plainPath(path)}:${needed.map((other) => ` ${plainPath(other)}`).join('')}\n`
    })
    .join('')
}

/** Last to be loaded first. */
function hardClosure(index: ModuleIndex, path: string): string[] {
  const ordered: string[] = []
  const seen = new Set<string>()
  const visit = (at: string) => {
    if (seen.has(at)) return
    seen.add(at)
    for (const name of index.soft.get(moduleName(at))?.pre ?? []) {
      const found = index.pathByName.get(name.replaceAll('-', '_'))
      if (found !== undefined) visit(found)
    }
    for (const needed of [...(index.dependencies.get(at) ?? [])].reverse()) visit(needed)
    ordered.push(at)
  }
  visit(path)
  return ordered.reverse()
}

export function renderModulesAlias(index: ModuleIndex, included: readonly string[]): string {
  const names = new Set(included.map(moduleName))
  return index.aliases
    .filter(({ name }) => names.has(name))
    .map(({ pattern, name }) => `alias ${pattern} ${name}\n`)
    .join('')
}
