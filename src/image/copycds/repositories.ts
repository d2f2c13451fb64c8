/** Package repositories in a copied medium, and the template from which nodes can be given them. */
import { lstat, mkdir, readdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Deeper than any medium has its repositories. */
const MAX_DEPTH = 4

/** Paths relative to the top that hold `repodata`, '' for the top itself; by name. */
export async function findRepositories(top: string): Promise<readonly string[]> {
  const found: string[] = []
  async function look(path: string, depth: number): Promise<void> {
    const entries = await readdir(join(top, path), { withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      if (!entry.isDirectory() || entry.name.startsWith('.')) continue
      if (entry.name === 'repodata') found.push(path)
      else if (depth < MAX_DEPTH) await look(path === '' ? entry.name : `${path}/${entry.name}`, depth + 1)
    }
  }
  await look('', 0)
  return found.sort()
}

/** One stanza for each repository; `baseurl` is its path, which the node completes with its server. */
export function renderRepositories(name: string, top: string, repositories: readonly string[]): string {
  const stanzas = repositories.map((path) => {
    const id = ['local', name, ...path.split('/')].filter((part) => part !== '').join('-')
    const directory = path === '' ? top : `${top}/${path}`
    return [`[${id}]`, `name=${id}`, `baseurl=${directory}`, 'enabled=1', 'gpgcheck=0', ''].join('\n')
  })
  return stanzas.join('\n')
}

/** `<installdir>/postscripts/repos/<path>/local-repository.tmpl`, or nothing when there is no repository. */
export async function writeRepositories(installdir: string, name: string, top: string): Promise<string | undefined> {
  const repositories = await findRepositories(top)
  if (repositories.length === 0) return undefined
  const path = join(installdir, 'postscripts/repos', top, 'local-repository.tmpl')
  await mkdir(dirname(path), { recursive: true })
  await writeFile(`${path}.new`, renderRepositories(name, top, repositories), { mode: 0o644 })
  await rename(`${path}.new`, path)
  return (await lstat(path)).isFile() ? path : undefined
}
