/** What a line's sources are on the server: patterns expanded as a shell does, links followed, what is missing named. */
import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { isPattern, type SyncLine } from './parse.ts'

export interface SyncSource {
  readonly path: string
  readonly name: string
  readonly isDirectory: boolean
}

/** @returns problems instead of sources when one is missing; a pattern that matches nothing is a problem too */
export async function findSources(
  line: SyncLine,
): Promise<{ readonly sources: readonly SyncSource[]; readonly problems: readonly string[] }> {
  const sources: SyncSource[] = []
  const problems: string[] = []
  for (const written of line.sources) {
    const paths = isPattern(written) ? await expand(written) : [written.replace(/(.)\/+$/, '$1')]
    if (paths.length === 0) problems.push(`no file is called ${written}`)
    for (const path of paths) {
      const found = await stat(path).catch(() => undefined)
      if (found?.isFile() || found?.isDirectory())
        sources.push({ path, name: basename(path), isDirectory: found.isDirectory() })
      else problems.push(found === undefined ? `there is no ${path}` : `${path} is neither a file nor a directory`)
    }
  }
  return { sources, problems }
}

/** In byte order. A name that begins with a dot is only matched by a pattern that does. */
async function expand(pattern: string): Promise<string[]> {
  let here = ['/']
  for (const part of pattern.split('/').filter((item) => item !== '')) {
    if (!isPattern(part)) {
      here = here.map((directory) => join(directory, part))
      continue
    }
    const expression = globExpression(part)
    const next: string[] = []
    for (const directory of here) {
      const names = await readdir(directory).catch(() => [])
      for (const name of names.sort()) {
        if (name.startsWith('.') && !part.startsWith('.')) continue
        if (expression.test(name)) next.push(join(directory, name))
      }
    }
    here = next
  }
  return here
}

/** `*`, `?`, `[abc]`, `[!a-z]`; everything else is itself. A bracket that is not closed is itself as well. */
export function globExpression(glob: string): RegExp {
  let source = ''
  for (let at = 0; at < glob.length; at++) {
    const letter = glob[at] ?? ''
    const close = letter === '[' ? glob.indexOf(']', at + 2) : -1
    if (letter === '*') source += '[^/]*'
    else if (letter === '?') source += '[^/]'
    else if (close > 0) {
      const inside = glob.slice(at + 1, close)
      const isNegated = inside.startsWith('!') || inside.startsWith('^')
      source += `[${isNegated ? '^' : ''}${inside.slice(isNegated ? 1 : 0).replace(/[\\\]^[]/g, '\\$&')}]`
      at = close
    } else source += letter.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
  }
  try {
    return new RegExp(`^${source}$`, 'su')
  } catch {
    // A range that runs backwards ([z-a]): matches nothing, as in a shell.
    return /(?!)/
  }
}
