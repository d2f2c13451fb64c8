/** RHEL and its kin, Fedora: dnf 4, with a configuration of its own and none of this machine's repositories. */
import { batchTitle, namesOf, type PlanContext } from './plan-context.ts'
import type { RpmRepository } from './rpm-sources.ts'
import type { BuildStep, CommandStep } from './steps.ts'

/** Kept inside the tree's /run, a tmpfs of the build room: dnf puts the root before these paths. */
const CACHE = '/run/liteboot/cache'
const LOGS = '/run/liteboot/log'

export function planDnf(context: PlanContext): BuildStep[] {
  const { lists, places, request } = context
  const dnf = commandOf(context)
  const steps: BuildStep[] = [{ kind: 'file', path: `${places.work}/dnf.conf`, text: renderDnfConf(context) }]
  for (const [index, batch] of lists.distro.entries()) {
    if (batch.install.length === 0) continue
    const excluded = [...batch.removeBefore, ...batch.removeAfter].map(({ name }) => `--exclude=${name}`)
    const what = batchTitle('installing', index, lists.distro)
    steps.push(dnf(what, ['install', ...excluded], installNames(batch.install), batch.environment))
  }
  if (lists.other.length > 0) steps.push({ kind: 'uname' })
  for (const [index, batch] of lists.other.entries()) {
    const what = (verb: string) => batchTitle(`${verb} other packages`, index, lists.other)
    if (batch.removeBefore.length > 0)
      steps.push(dnf(what('removing'), ['remove'], namesOf(batch.removeBefore), batch.environment))
    if (batch.install.length > 0)
      steps.push(dnf(what('installing'), ['install'], installNames(batch.install), batch.environment))
    if (batch.removeAfter.length > 0)
      steps.push(dnf(what('removing'), ['remove'], namesOf(batch.removeAfter), batch.environment))
  }
  if (request.update) {
    const kept = request.kernelVersion === undefined ? [] : ['--exclude=kernel*']
    steps.push(dnf('updating', ['update', ...kept], [], {}))
  }
  return steps
}

type Dnf = (
  what: string,
  verb: readonly string[],
  names: readonly string[],
  environment: Readonly<Record<string, string>>,
) => CommandStep

function commandOf({ tools, places, arch, isForeign }: PlanContext): Dnf {
  const general = [
    ...['dnf', '-y', '-c', `${places.work}/dnf.conf`, `--installroot=${places.root}`, `--releasever=${tools.major}`],
    ...(tools.modulePlatform === undefined ? [] : [`--setopt=module_platform_id=${tools.modulePlatform}`]),
    ...(isForeign ? [`--forcearch=${arch}`] : []),
  ]
  return (what, verb, names, environment) => ({
    kind: 'command',
    what,
    // What follows `--` is never an option, whatever a list says.
    words: [...general, ...verb, ...(names.length > 0 ? ['--', ...names] : [])],
    environment,
    counts: 'dnf',
  })
}

/** dnf 4 knows environments as `@name`, and refuses kickstart's `@^name`. */
function installNames(entries: readonly { readonly name: string }[]): string[] {
  return namesOf(entries).map((name) => name.replace(/^@\^/, '@'))
}

export function renderDnfConf({ repositories, otherRepositories, isOnNfs, places }: PlanContext): string {
  const main = [
    '[main]',
    'gpgcheck=0',
    'localpkg_gpgcheck=0',
    'plugins=0',
    'assumeyes=1',
    'installonly_limit=0',
    // Half the packages are not an image: a repository that cannot be reached stops the build.
    'skip_if_unavailable=0',
    `reposdir=${places.work}/no-repositories`,
    `varsdir=${places.work}/no-variables`,
    `cachedir=${CACHE}`,
    `logdir=${LOGS}`,
    ...(isOnNfs ? ['diskspacecheck=0'] : []),
  ]
  return `${[...main, ...[...repositories, ...otherRepositories].flatMap(renderRepository)].join('\n')}\n`
}

function renderRepository({ id, baseurl }: RpmRepository): string[] {
  return ['', `[${id}]`, `name=${id}`, `baseurl=${baseurl}`, 'enabled=1', 'metadata_expire=0']
}
