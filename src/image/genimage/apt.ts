/**
 * Debian, Ubuntu: mmdebstrap for the base system, then this machine's apt for the lists, with dpkg inside the tree. What is
 * resolved and downloaded is so done natively for every architecture; only the packages' own scripts may need emulation.
 */
import { archFor } from '../../tables/os-names.ts'
import { batchTitle, namesOf, type PlanContext } from './plan-context.ts'
import { APT_STATUS_FD } from './progress.ts'
import type { BuildStep, CommandStep } from './steps.ts'

/** What debootstrap installs, and so what xCAT's lists for Ubuntu take for granted. */
const DEFAULT_VARIANT = 'important'
export const VARIANT_SETTING = 'MMDEBSTRAP_VARIANT'

/** The base system; `mountTree` comes after it, since mmdebstrap wants an empty directory and mounts for itself. */
export function planMmdebstrap({ request, arch, places, aptSources }: PlanContext): BuildStep[] {
  const { root, work } = places
  const suite = aptSources.find((source) => source.suite !== './')?.suite ?? './'
  return [
    { kind: 'file', path: `${work}/sources.list`, text: renderSources(aptSources.map(({ line }) => line)) },
    {
      kind: 'command',
      what: 'installing the base system',
      words: [
        ...['mmdebstrap', '--mode=root', '--format=directory', `--architectures=${archFor('deb', arch)}`],
        `--variant=${request.environment[VARIANT_SETTING] ?? DEFAULT_VARIANT}`,
        // Emulation was tried before. The lists are used again at once.
        ...['--skip=check/qemu', '--skip=cleanup/apt/lists', suite, root, `${work}/sources.list`],
      ],
      environment: {},
      counts: 'mmdebstrap',
    },
  ]
}

export function planApt(context: PlanContext): BuildStep[] {
  const { request, lists, places, aptSources, otherAptSources } = context
  const { work } = places
  const all = [...aptSources, ...otherAptSources].map(({ line }) => line)
  const apt = commandOf(context)
  const steps: BuildStep[] = [
    { kind: 'file', path: `${work}/all-sources.list`, text: renderSources(all) },
    { kind: 'file', path: `${work}/apt.conf`, text: renderAptConf(context) },
    apt('reading the repositories', ['update'], [], {}),
  ]
  const install = (what: string, names: readonly string[], environment: Readonly<Record<string, string>>) => {
    // Boot loaders and firmware that kernels recommend are of no use on a node without disk.
    const kernels = names.filter((name) => /^linux-image/.test(name))
    const others = names.filter((name) => !kernels.includes(name))
    if (others.length > 0) steps.push(apt(what, ['install'], others, environment))
    if (kernels.length > 0)
      steps.push(apt(`${what}, kernel`, ['install', '--no-install-recommends'], kernels, environment))
  }
  for (const [index, batch] of lists.distro.entries()) {
    // A trailing minus: not to be installed, apt-get(8).
    const excluded = namesOf([...batch.removeBefore, ...batch.removeAfter]).map((name) => `${name}-`)
    if (batch.install.length === 0) continue
    install(batchTitle('installing', index, lists.distro), [...namesOf(batch.install), ...excluded], batch.environment)
  }
  if (lists.other.length > 0) steps.push({ kind: 'uname' })
  for (const [index, batch] of lists.other.entries()) {
    const what = (verb: string) => batchTitle(`${verb} other packages`, index, lists.other)
    const remove = (names: readonly string[]) => {
      if (names.length > 0) steps.push(apt(what('removing'), ['remove'], names, batch.environment))
    }
    remove(namesOf(batch.removeBefore))
    install(what('installing'), namesOf(batch.install), batch.environment)
    remove(namesOf(batch.removeAfter))
  }
  if (request.update) steps.push(apt('updating', ['dist-upgrade'], [], {}))
  return steps
}

type Apt = (
  what: string,
  verb: readonly string[],
  names: readonly string[],
  environment: Readonly<Record<string, string>>,
) => CommandStep

function commandOf({ places: { work } }: PlanContext): Apt {
  return (what, verb, names, environment) => ({
    kind: 'command',
    what,
    words: ['apt-get', '-y', ...verb, ...(names.length > 0 ? ['--', ...names] : [])],
    environment: {
      APT_CONFIG: `${work}/apt.conf`,
      DEBIAN_FRONTEND: 'noninteractive',
      // The kernel's own hook; initramfs-tools' trigger is switched off in the tree (apt-tree.ts).
      INITRD: 'No',
      ...environment,
    },
    counts: 'apt',
  })
}

export function renderAptConf({ arch, places: { root, work } }: PlanContext): string {
  const settings: readonly (readonly [string, string])[] = [
    ['APT::Architecture', archFor('deb', arch)],
    ['APT::Architectures', archFor('deb', arch)],
    ['APT::Status-Fd', String(APT_STATUS_FD)],
    ['APT::Sandbox::User', 'root'],
    ['Acquire::Languages', 'none'],
    ['Dir', root],
    ['Dir::Etc::sourcelist', `${work}/all-sources.list`],
    ['Dir::Etc::sourceparts', '/dev/null'],
    ['DPkg::Chroot-Directory', root],
    // For the packages' scripts, inside the tree; apt takes no other.
    ['DPkg::Path', '/run/liteboot/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
    ['DPkg::Use-Pty', 'false'],
    ['DPkg::Inhibit-Shutdown', '0'],
    ['DPkg::Options::', '--force-confold'],
    ['DPkg::Options::', '--force-confdef'],
  ]
  return settings.map(([name, value]) => `${name} "${value}";\n`).join('')
}

export function renderSources(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}
