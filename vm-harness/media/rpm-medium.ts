/** The RPM distribution: every package repacked, a repository with a group and an environment, an ISO that says what it is. */
import { execFile } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { type Control, needsOf, providersOf } from './control.ts'
import { ADDITIONS, type Addition, KERNEL_ADDITION } from './rpm-additions.ts'
import { isLeftOut, rpmName, rpmVersion } from './rpm-names.ts'
import { type RpmPackage, renderSpec, type SpecFile } from './rpm-spec.ts'

const run = promisify(execFile)
export const RELEASE = '7.3'

export interface RpmMediumRequest {
  readonly arch: 'x86_64' | 'ppc64le'
  readonly packages: ReadonlyMap<string, Control>
  readonly debs: ReadonlyMap<string, string>
  /** A new directory, for everything that is made on the way. */
  readonly work: string
  readonly onProgress: (text: string) => void
}

/** @returns the directory of the medium's files */
export async function makeRpmTree(request: RpmMediumRequest): Promise<string> {
  const { arch, packages, debs, work, onProgress } = request
  const top = join(work, 'medium')
  const place = join(top, 'Packages')
  mkdirSync(place, { recursive: true })
  const providers = providersOf(packages)
  const waiting = [...packages]
  let done = 0
  const worker = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const [name, control] = next
      const stage = join(work, 'stage', name)
      const addition = additionOf(name)
      await unpackDeb(debs.get(name) ?? '', stage, addition)
      const needs = needsOf(control, providers, isLeftOut).map(rpmName)
      const files = await filesOf(stage, addition, await conffilesOf(debs.get(name) ?? ''))
      await buildRpm({ ...describe(name, control, arch), needs, addition, files, stage, work, place })
      done += 1
      if (done % 25 === 0) onProgress(`  ${done} of ${packages.size} packages`)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
  writeFileSync(join(work, 'comps.xml'), COMPS)
  await run('createrepo_c', ['-q', '--no-database', '-g', join(work, 'comps.xml'), top])
  writeFileSync(join(top, '.discinfo'), `1478000000.000000\nRed Hat Enterprise Linux ${RELEASE}\n${arch}\n1\n`)
  writeFileSync(join(top, '.treeinfo'), treeinfo(arch))
  return top
}

/** A package that no distribution has: one file, one script. */
export async function makeExtraRpm(work: string, place: string): Promise<string> {
  const stage = join(work, 'stage', EXTRA.name)
  mkdirSync(join(stage, 'usr/share/site-tools'), { recursive: true })
  writeFileSync(join(stage, 'usr/share/site-tools/about'), 'tools of this site\n')
  const files = await filesOf(stage, {}, new Set())
  await buildRpm({ ...EXTRA, needs: [], addition: EXTRA_ADDITION, files, stage, work, place })
  return join(place, `${EXTRA.name}-${EXTRA.version}-${EXTRA.release}.noarch.rpm`)
}

const EXTRA = {
  ...{ name: 'site-tools', epoch: '0', version: '1.0', release: '1', arch: 'noarch' as const },
  summary: 'Tools of the site',
}
const EXTRA_ADDITION: Addition = {
  scripts: { post: 'uname -m > /usr/share/site-tools/installed-on' },
  requiresFor: { post: ['coreutils'] },
}

function additionOf(debian: string): Addition {
  return /^linux-image-\d/.test(debian) ? KERNEL_ADDITION : (ADDITIONS[debian] ?? {})
}

function describe(debian: string, control: Control, arch: 'x86_64' | 'ppc64le') {
  const isAll = control.Architecture === 'all'
  return {
    name: rpmName(debian),
    ...rpmVersion(control.Version ?? ''),
    arch: isAll ? ('noarch' as const) : arch,
    summary: control.Description?.split('\n')[0] ?? debian,
  }
}

/** Programs look for libraries and each other below /usr only where the file system is merged; so is the tree. */
const UNPACK = `
mkdir -p "$2"/usr/bin "$2"/usr/sbin "$2"/usr/lib "$2"/usr/lib64
cd "$2"
for name in bin sbin lib lib64; do ln -s usr/$name $name; done
dpkg-deb --fsys-tarfile "$1" | tar -x -p --keep-directory-symlink \\
  --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*' --exclude='./usr/share/info/*' \\
  --exclude='./usr/share/lintian*' --exclude='./usr/share/bug*' --exclude='./usr/share/doc/*/[!c]*'
eval "$3"
`
/** The links are of one package only, and directories that hold nothing of none. */
const TIDY = `
cd "$1"
[ "$2" = filesystem ] || rm bin sbin lib lib64
find usr/bin usr/sbin usr/lib usr/lib64 usr -maxdepth 0 -type d -empty -delete
`

async function unpackDeb(deb: string, stage: string, addition: Addition): Promise<void> {
  rmSync(stage, { recursive: true, force: true })
  await run('sh', ['-euc', UNPACK, 'unpack', deb, stage, addition.tree ?? ''])
  await run('sh', ['-euc', TIDY, 'tidy', stage, rpmName(basename(stage))])
}

async function conffilesOf(deb: string): Promise<ReadonlySet<string>> {
  const { stdout } = await run('dpkg-deb', ['-I', deb, 'conffiles']).catch(() => ({ stdout: '' }))
  return new Set(stdout.split('\n').filter((line) => line.startsWith('/')))
}

const KINDS: Readonly<Record<string, SpecFile['kind']>> = { d: 'directory', f: 'file', l: 'link' }

async function filesOf(stage: string, addition: Addition, conffiles: ReadonlySet<string>): Promise<SpecFile[]> {
  const format = '%y\\t%m\\t%u\\t%g\\t/%P\\n'
  const { stdout } = await run('find', [stage, '-mindepth', '1', '-printf', format], { maxBuffer: 1 << 26 })
  return stdout.split('\n').flatMap((line) => {
    const [kind, mode = '', user = '', group = '', path = ''] = line.split('\t')
    const known = KINDS[kind ?? '']
    if (known === undefined) return []
    const owner = addition.owners?.[path] ?? [mode, user, group]
    return {
      kind: known,
      path,
      mode: owner[0],
      user: owner[1],
      group: owner[2],
      isConfig: conffiles.has(path) && known === 'file',
    }
  })
}

interface Build extends Pick<RpmPackage, 'name' | 'epoch' | 'version' | 'release' | 'arch' | 'summary' | 'files'> {
  readonly needs: readonly string[]
  readonly addition: Addition
  readonly stage: string
  readonly work: string
  readonly place: string
}

async function buildRpm({ needs, addition, stage, work, place, ...rest }: Build): Promise<void> {
  const isBase = rest.name === 'filesystem' || rest.name === 'setup'
  const requires = isBase ? [] : ['filesystem', ...needs]
  const made: RpmPackage = {
    ...rest,
    requires: [...new Set([...requires, ...(addition.requires ?? [])])],
    provides: addition.provides ?? [],
    scripts: addition.scripts ?? {},
    requiresFor: addition.requiresFor ?? {},
  }
  const directory = join(work, 'rpmbuild', rest.name)
  mkdirSync(directory, { recursive: true })
  const spec = join(directory, `${rest.name}.spec`)
  writeFileSync(spec, renderSpec(made, stage))
  const defines = [`_topdir ${directory}`, `_rpmdir ${place}`, '_rpmfilename %{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}.rpm']
  try {
    await run('rpmbuild', ['-bb', '--target', rest.arch, ...defines.flatMap((each) => ['--define', each]), spec], {
      maxBuffer: 1 << 26,
      env: { ...process.env, SOURCE_DATE_EPOCH: '1478000000', LC_ALL: 'C.UTF-8' },
    })
  } catch (error) {
    const said = (error as { stderr?: string }).stderr ?? String(error)
    throw new Error(`rpmbuild of ${rest.name}: ${said.slice(-1500)}`)
  }
  rmSync(directory, { recursive: true, force: true })
  rmSync(stage, { recursive: true, force: true })
}

const requirement = (name: string, type = 'mandatory') => `<packagereq type="${type}">${name}</packagereq>`
const group = (id: string, name: string, packages: readonly string[]) =>
  `<group><id>${id}</id><name>${name}</name><description/><default>false</default><uservisible>true</uservisible>
<packagelist>${packages.join('')}</packagelist></group>`

export const COMPS = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE comps PUBLIC "-//Red Hat, Inc.//DTD Comps info//EN" "comps.dtd">
<comps>
${group('core', 'Core', [...['bash', 'systemd', 'passwd', 'iproute', 'openssh-server'].map((name) => requirement(name)), requirement('rsync', 'optional')])}
${group('diagnosis', 'Diagnosis', [requirement('lsof'), requirement('strace', 'default')])}
<environment><id>minimal</id><name>Minimal Install</name><description/><display_order>1</display_order>
<grouplist><groupid>core</groupid></grouplist></environment>
</comps>
`

function treeinfo(arch: string): string {
  return `[general]
name = Red Hat Enterprise Linux ${RELEASE}
family = Red Hat Enterprise Linux
version = ${RELEASE}
variant = Server
arch = ${arch}
packagedir = Packages
repository = .
timestamp = 1478000000
`
}
