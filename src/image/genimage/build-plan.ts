/** The steps of a whole build up to the packages, in order: what --dryrun shows is what is done. */
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { planApt, planMmdebstrap } from './apt.ts'
import { prepareAptTree } from './apt-tree.ts'
import { planBaseTree } from './base-tree.ts'
import { planDnf } from './dnf.ts'
import { mountTree } from './mount-tree.ts'
import type { PlanContext } from './plan-context.ts'
import { prepareRpmTree, renderRpmMacros } from './rpm-tree.ts'
import type { BuildStep } from './steps.ts'
import { planZypper } from './zypper.ts'

export function planBuild(context: PlanContext, unindexed: readonly string[]): BuildStep[] {
  return [
    ...unindexed.map((directory) => planIndex(directory, context)),
    ...planStart(context),
    ...planPackages(context),
  ]
}

/** Metadata of a directory of packages, in that directory, as an administrator would make it. */
function planIndex(directory: string, { tools }: PlanContext): BuildStep {
  const what = `indexing the packages in ${directory}`
  if (tools.tool !== 'apt')
    return { kind: 'command', what, words: ['createrepo_c', '--quiet', '--update', '--', directory] }
  const script = 'cd "$1" && dpkg-scanpackages -m . > .Packages.liteboot && mv .Packages.liteboot Packages'
  return { kind: 'command', what, words: ['sh', '-c', script, 'index', directory] }
}

function planStart(context: PlanContext): BuildStep[] {
  const { base, places, tools } = context
  const { root } = places
  const mount = mountTree(places)
  const steps: BuildStep[] = base === undefined ? [] : planBaseTree(base, places)
  if (tools.tool === 'apt') {
    if (base === undefined) steps.push(...planMmdebstrap(context))
    steps.push({ kind: 'work', what: 'no services, no initrd of the packages', run: () => prepareAptTree(root) })
  } else {
    steps.unshift({ kind: 'file', path: `${places.work}/home/.rpmmacros`, text: renderRpmMacros(tools) })
    if (base === undefined) steps.push({ kind: 'work', what: `making ${root}`, run: () => makeRoot(root) })
    steps.push({ kind: 'work', what: 'no initrd of the packages', run: () => prepareRpmTree(root, tools) })
  }
  return [...steps, mount]
}

async function makeRoot(root: string): Promise<undefined> {
  await mkdir(dirname(root), { recursive: true })
  await mkdir(root, { mode: 0o755 })
  return undefined
}

function planPackages(context: PlanContext): BuildStep[] {
  const { lists, base, tools, request } = context
  // A tree that is taken as it is.
  if (base !== undefined && lists.distro.length + lists.other.length === 0 && !(request.update && hasSources(context)))
    return []
  switch (tools.tool) {
    case 'dnf':
      return planDnf(context)
    case 'zypper':
      return planZypper(context)
    case 'apt':
      return planApt(context)
  }
}

function hasSources({ repositories, aptSources }: PlanContext): boolean {
  return repositories.length + aptSources.length > 0
}
