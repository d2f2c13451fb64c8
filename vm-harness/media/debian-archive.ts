/** Debian's archive, asked with apt in a state of its own: for any architecture, and nothing of this machine changes. */
import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Control, parseControl } from './control.ts'

const run = promisify(execFile)
export const SUITE = 'bookworm'
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'

export interface DebianArchive {
  /** What apt would install for these names on an empty machine, without recommendations. */
  resolve(names: readonly string[]): Promise<ReadonlyMap<string, Control>>
  /** Package → path of its .deb. */
  download(packages: readonly Control[]): Promise<ReadonlyMap<string, string>>
}

/** @param directory kept for the next time: lists and packages that are there are not fetched again */
export async function openDebianArchive(directory: string, debArch: string): Promise<DebianArchive> {
  const debs = join(directory, 'debs')
  for (const name of ['lists/partial', 'cache/archives/partial', 'debs'])
    mkdirSync(join(directory, name), { recursive: true })
  writeFileSync(join(directory, 'status'), '')
  writeFileSync(join(directory, 'sources.list'), `deb [signed-by=${KEYRING}] ${mirror()} ${SUITE} main\n`)
  const settings = [
    `APT::Architecture=${debArch}`,
    `APT::Architectures=${debArch}`,
    `Dir::State::lists=${directory}/lists`,
    `Dir::State::status=${directory}/status`,
    `Dir::Cache=${directory}/cache`,
    `Dir::Etc::sourcelist=${directory}/sources.list`,
    // Other repositories of this machine may not have the architecture.
    'Dir::Etc::sourceparts=/dev/null',
    'APT::Sandbox::User=root',
    'Acquire::Languages=none',
  ].flatMap((setting) => ['-o', setting])
  const apt = async (program: string, ...words: string[]) =>
    // Two rehearsals at once share the archive.
    (await run('flock', [`${directory}/lock`, program, '-q', ...settings, ...words], { cwd: debs, maxBuffer: 1 << 28 }))
      .stdout
  await apt('apt-get', 'update')

  return {
    async resolve(names) {
      const uris = await apt('apt-get', '-qq', 'install', '--no-install-recommends', '--print-uris', ...names)
      const packages = [...uris.matchAll(/^'\S+' (\S+?)_\S+\.deb /gm)].map(([, name]) => name ?? '')
      const stanzas = await apt('apt-cache', 'show', '--no-all-versions', ...packages)
      return new Map(parseControl(stanzas).map((control) => [control.Package ?? '', control]))
    },
    async download(packages) {
      await apt('apt-get', '-qq', 'download', ...packages.map(({ Package, Version }) => `${Package}=${Version}`))
      // apt names files with the colon of an epoch escaped.
      return new Map(
        packages.map(({ Package = '', Version = '', Architecture }) => [
          Package,
          join(debs, `${Package}_${Version.replaceAll(':', '%3a')}_${Architecture}.deb`),
        ]),
      )
    },
  }
}

/** The mirror that this machine itself uses for Debian. */
function mirror(): string {
  const format = '$(REPO_URI) $(RELEASE) $(COMPONENT)'
  const known = execFileSync('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']).toString()
  for (const line of known.split('\n')) {
    const [uri, release, component] = line.split(' ')
    if (uri !== undefined && component === 'main' && [SUITE, 'oldstable', 'stable'].includes(release ?? '')) {
      if (/\/debian\/?$/.test(uri)) return uri
    }
  }
  throw new Error(`this machine has no apt source for ${SUITE} main`)
}
