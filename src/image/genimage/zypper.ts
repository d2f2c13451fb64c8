/** SLES, openSUSE: zypper on the tree, with repositories, caches and a zypp.conf of its own. */
import { batchTitle, namesOf, type PlanContext } from './plan-context.ts'
import type { BuildStep, CommandStep } from './steps.ts'

const SCRIPT_FAILED = 107
/** zypper(8), exit codes: done, and something should be restarted, which nobody runs here; or a package's script failed. */
const DONE: Readonly<Record<number, string | undefined>> = {
  102: undefined,
  103: undefined,
  [SCRIPT_FAILED]: 'a script of a package failed: see the build log',
}
const NOTHING_TO_REMOVE = 104

export function planZypper(context: PlanContext): BuildStep[] {
  const { lists, places, request, repositories, otherRepositories, arch } = context
  const { work } = places
  const zypper = commandOf(context)
  const steps: BuildStep[] = [
    { kind: 'file', path: `${work}/zypp.conf`, text: `[main]\narch = ${arch}\nsolver.onlyRequires = true\n` },
    ...[...repositories, ...otherRepositories].map(({ id, baseurl }): BuildStep => {
      const settings = [`name=${id}`, 'enabled=1', 'autorefresh=0', 'gpgcheck=0', 'type=rpm-md', `baseurl=${baseurl}`]
      return { kind: 'file', path: `${work}/repos.d/${id}.repo`, text: `[${id}]\n${settings.join('\n')}\n` }
    }),
    zypper('reading the repositories', ['refresh'], [], {}),
  ]
  const install = (what: string, names: readonly string[], environment: Readonly<Record<string, string>>) => {
    // Patterns are packages that provide this; zypper's own word for them needs a libsolv built for SUSE.
    const wanted = names.map((name) => name.replace(/^@\^?(.*)$/, 'pattern()=$1'))
    const words = ['install', '--auto-agree-with-licenses', '--no-recommends', '--']
    if (wanted.length > 0) steps.push(zypper(what, words, wanted, environment))
  }
  const locked = (names: readonly string[], work: () => void) => {
    if (names.length > 0) steps.push(zypper('keeping packages out', ['addlock', '--'], names, {}))
    work()
    if (names.length > 0) steps.push(zypper('allowing these packages again', ['removelock', '--'], names, {}))
  }
  for (const [index, batch] of lists.distro.entries()) {
    const what = batchTitle('installing', index, lists.distro)
    locked(namesOf([...batch.removeBefore, ...batch.removeAfter]), () =>
      install(what, namesOf(batch.install), batch.environment),
    )
  }
  if (lists.other.length > 0) steps.push({ kind: 'uname' })
  for (const [index, batch] of lists.other.entries()) {
    const what = (verb: string) => batchTitle(`${verb} other packages`, index, lists.other)
    const remove = (names: readonly string[]) => {
      if (names.length > 0) {
        const step = zypper(what('removing'), ['remove', '--'], names, batch.environment)
        steps.push({ ...step, accepts: { ...DONE, [NOTHING_TO_REMOVE]: undefined } })
      }
    }
    remove(namesOf(batch.removeBefore))
    install(what('installing'), namesOf(batch.install), batch.environment)
    remove(namesOf(batch.removeAfter))
  }
  if (request.update)
    locked(request.kernelVersion === undefined ? [] : ['kernel*'], () =>
      steps.push(zypper('updating', ['update', '--auto-agree-with-licenses', '--no-recommends'], [], {})),
    )
  return steps
}

type Zypper = (
  what: string,
  verb: readonly string[],
  names: readonly string[],
  environment: Readonly<Record<string, string>>,
) => CommandStep

function commandOf({ places: { root, work } }: PlanContext): Zypper {
  const general = [
    ...['zypper', '--root', root, '--reposd-dir', `${work}/repos.d`, '--cache-dir', `${work}/cache`],
    ...['--non-interactive', '--no-gpg-checks', '--gpg-auto-import-keys'],
  ]
  return (what, verb, names, environment) => ({
    kind: 'command',
    what,
    words: [...general, ...verb, ...names],
    // SUSE's kernel packages make no initrd while an installer runs: none of theirs is ever booted.
    environment: { ZYPP_CONF: `${work}/zypp.conf`, YAST_IS_RUNNING: 'instsys', ...environment },
    counts: 'zypper',
    accepts: DONE,
  })
}
