/** genimage: checks, then a new generation with tree, kernel and initrd; the old one is replaced when all of it is there. */
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type Draft, openGenerations } from '../generations/generations.ts'
import { generationNumbers, generationsDirectory, NEW_PREFIX } from '../generations/layout.ts'
import { ImageError } from '../image-error.ts'
import { assembleInitrd } from '../initrd/assemble.ts'
import { copyKernel, findKernels } from '../initrd/kernel.ts'
import { cleanAptTree } from './apt-tree.ts'
import { configureBase } from './base-config/base-config.ts'
import { type BuildLog, openBuildLog } from './build-log.ts'
import { planBuild } from './build-plan.ts'
import { type BuildRoom, openBuildRoom } from './build-room.ts'
import { explainLists, renderSteps } from './explain.ts'
import { fakeUname } from './mount-tree.ts'
import { countPackages, emulationAdvice, scriptletWarnings } from './package-facts.ts'
import { planPostinstall } from './postinstall.ts'
import { givenBusybox, type Preflight, preflight } from './preflight.ts'
import type { GenimageReport, GenimageRequest, OnProgress } from './request.ts'
import { cleanRpmTree, settleRpmDatabase, unmaskKernelInstall } from './rpm-tree.ts'
import type { BuildPlaces, BuildStep, CommandStep } from './steps.ts'
import { TreeFiles } from './tree-files.ts'

/** Of the last build that failed; the generation it was for is gone. */
export const FAILED_LOG = 'genimage-failed.log'
/** Swept away by generations when the draft is committed, should we not. */
const WORK = '.rootimg.work'

export interface GenimageOptions {
  readonly onProgress: OnProgress
  /** Ends the build, and takes back what it made. */
  readonly signal?: AbortSignal
  /** Makes the tree ready for its nodes, with kernel and initrd; left out: kernel and initrd alone. Answers warnings. */
  readonly finish?: Finish
}

export type Finish = (
  place: { readonly number: number; readonly directory: string; readonly rootimg: string },
  lockFd: number,
) => Promise<{
  readonly kernelVersion: string
  readonly initrd: { readonly path: string; readonly sizeBytes: number; readonly modules: number }
  readonly missingFirmware: readonly string[]
  readonly warnings: readonly string[]
}>

/** @throws ImageError with everything that is in the way */
export async function planGenimage(request: GenimageRequest): Promise<{
  readonly explanation: readonly string[]
  readonly commands: readonly string[]
  readonly warnings: readonly string[]
}> {
  const checked = await preflight(request)
  const number = Math.max(0, ...generationNumbers(request.dest)) + 1
  const places = placesIn(join(generationsDirectory(request.dest), `${NEW_PREFIX}${number}`))
  const context = { ...checked, places }
  const steps: BuildStep[] = request.onlyInitrd ? [] : planBuild(context, checked.unindexed)
  const scripts = request.onlyInitrd ? [] : planPostinstall(request, places.root, places.work, request.kernelVersion)
  return {
    explanation: explainLists(checked),
    commands: renderSteps([...steps, ...scripts, depmod(places.root, request.kernelVersion ?? '<kernel>')]),
    warnings: checked.warnings,
  }
}

/** @throws ImageError; nothing of the image has changed then */
export async function genimage(request: GenimageRequest, options: GenimageOptions): Promise<GenimageReport> {
  const checked = await preflight(request)
  const generations = openGenerations(request.dest)
  const draft = await generations.begin({
    from: request.onlyInitrd ? 'current' : 'empty',
    by: 'genimage',
    reason: request.onlyInitrd
      ? 'kernel and initrd made again'
      : `built from ${request.pkglists.join(', ') || 'a tree'}`,
    // Of an old tree, only depmod's files are written, and those are replaced.
    writer: 'replace',
  })
  const log = openBuildLog(join(draft.directory, 'build.log'))
  try {
    const built = await build(checked, draft, log, options)
    if (options.signal?.aborted === true) throw interrupted()
    log.close()
    const generation = await draft.commit({ promote: true, facts: built.facts })
    await rm(join(request.dest, FAILED_LOG), { force: true })
    return {
      ...built.report,
      image: request.image,
      dest: request.dest,
      generation: generation.number,
      rootimg: join(request.dest, 'rootimg'),
      log: join(generation.directory, 'build.log'),
      initrd: { ...built.report.initrd, path: join(request.dest, basename(built.report.initrd.path)) },
    }
  } catch (error) {
    log.write(`# ${error instanceof Error ? error.message : String(error)}`)
    log.close()
    const kept = join(request.dest, FAILED_LOG)
    await copyFile(log.path, kept).catch(() => undefined)
    await draft.abort()
    throw options.signal?.aborted === true ? interrupted() : explained(error, kept, checked)
  }
}

function interrupted(): ImageError {
  return new ImageError('image-build', 'the build was interrupted: the image is as it was before')
}

function explained(error: unknown, path: string, { isForeign, arch }: Preflight): unknown {
  if (!(error instanceof ImageError) || error.code !== 'image-build') return error
  const advice = isForeign ? emulationAdvice(error.problems, arch) : undefined
  return new ImageError(error.code, [
    ...error.problems,
    ...(advice === undefined ? [] : [advice]),
    `The whole log: ${path}`,
  ])
}

interface Built {
  readonly facts: Record<string, unknown>
  readonly report: Omit<GenimageReport, 'image' | 'dest' | 'generation' | 'rootimg' | 'log'>
}

async function build(checked: Preflight, draft: Draft, log: BuildLog, options: GenimageOptions): Promise<Built> {
  const { request } = checked
  const places = placesIn(draft.directory)
  for (const directory of ['', '/home', '/cache', '/tree-cache'])
    await mkdir(`${places.work}${directory}`, { recursive: true })
  const room = await openBuildRoom({
    lockFd: draft.lockFd,
    log,
    environment: environmentOf(request, places),
    onProgress: options.onProgress,
  })
  const stop = () => void room.close()
  options.signal?.addEventListener('abort', stop, { once: true })
  try {
    const made = await makeImage({ checked, places, draft, room, log, ...options })
    await room.close()
    await rm(places.work, { recursive: true, force: true })
    return made
  } finally {
    options.signal?.removeEventListener('abort', stop)
    await room.close()
  }
}

interface Job extends GenimageOptions {
  readonly checked: Preflight
  readonly places: BuildPlaces
  readonly draft: Draft
  readonly room: BuildRoom
  readonly log: BuildLog
}

async function makeImage(job: Job): Promise<Built> {
  const { checked, places, draft, room } = job
  const { request, tools, arch } = checked
  const warnings = new Set(checked.warnings)
  let packages: number | undefined
  if (!request.onlyInitrd) {
    await carryOut(job, planBuild({ ...checked, places }, checked.unindexed), warnings)
    if (tools.tool !== 'apt') for (const warning of await settleRpmDatabase(places.root, tools)) warnings.add(warning)
    await carryOut(
      job,
      [work('writing the base configuration', () => configureBase(places.root, tools, request))],
      warnings,
    )
    const kernel = await kernelOf(job)
    await carryOut(job, [{ kind: 'uname' }, ...planPostinstall(request, places.root, places.work, kernel)], warnings)
    packages = await countPackages(places, tools, room)
    if (tools.tool === 'apt') await cleanAptTree(places.root, checked.aptSources)
    else {
      await unmaskKernelInstall(places.root)
      await cleanRpmTree(places)
      await settleRpmDatabase(places.root, tools)
    }
  }
  const version = await kernelOf(job)
  await carryOut(job, [depmod(places.root, version)], warnings)
  await lendBusybox(job)
  job.onProgress('assembling the initrd ...')
  const place = { number: draft.number, directory: draft.directory, rootimg: places.root }
  const finished = await (job.finish ?? kernelAndInitrd(job, version))(place, draft.lockFd)
  for (const warning of finished.warnings) warnings.add(warning)
  const { kernelVersion } = finished
  const count = packages === undefined ? {} : { packages }
  return {
    facts: { kernelVersion, os: request.os, arch, profile: request.profile, ...count },
    report: { ...finished, warnings: [...warnings], ...count },
  }
}

/** liteimg looks for it here as well. */
async function lendBusybox({ checked, places }: Job): Promise<void> {
  const given = checked.isForeign ? givenBusybox(checked.request, checked.arch) : undefined
  const tree = new TreeFiles(places.root)
  for (const rel of ['bin/busybox', 'usr/bin/busybox', 'usr/sbin/busybox'])
    if ((await tree.target(rel)) !== undefined) return
  if (given !== undefined) await tree.write('usr/sbin/busybox', await readFile(given, 'latin1'), 0o755)
}

function kernelAndInitrd({ checked: { request, arch } }: Job, version: string): Finish {
  return async ({ directory, rootimg }) => {
    const kernel = await copyKernel({ rootimgdir: directory, arch, kernelVersion: version })
    const { path, size, modules, missingFirmware } = await assembleInitrd({
      rootimg,
      kernelVersion: kernel.version,
      arch,
      scripts: request.scripts,
      ...(request.drivers === undefined ? {} : { drivers: request.drivers }),
      output: join(directory, 'initrd-statelite.gz'),
      compress: 'gzip',
    })
    const initrd = { path, sizeBytes: size, modules: modules.length }
    return { kernelVersion: kernel.version, initrd, missingFirmware, warnings: [] }
  }
}

async function carryOut(job: Job, steps: readonly BuildStep[], warnings: Set<string>): Promise<void> {
  const { room, log, places, checked } = job
  for (const step of steps) {
    if (job.signal?.aborted === true) throw interrupted()
    switch (step.kind) {
      case 'command': {
        job.onProgress(`${step.what} ...`)
        const { status, lines } = await room.run(step)
        const note = step.accepts?.[status]
        if (note !== undefined) warnings.add(`${step.what}: ${note}`)
        for (const warning of scriptletWarnings(lines)) warnings.add(warning)
        break
      }
      case 'file':
        await mkdir(dirname(step.path), { recursive: true })
        await writeFile(step.path, step.text)
        break
      case 'work':
        log.write(`# ${step.what}`)
        for (const warning of (await step.run()) ?? []) warnings.add(warning)
        break
      case 'uname': {
        const [kernel] = await findKernels(places.root)
        const version = checked.request.kernelVersion ?? kernel?.version
        // A tree may come from anywhere, and this becomes part of a script.
        if (version !== undefined && /^[\w.+~-]+$/.test(version))
          await room.run(fakeUname(places, version, checked.arch))
        break
      }
    }
  }
}

function work(what: string, run: () => Promise<readonly string[] | undefined>): BuildStep {
  return { kind: 'work', what, run }
}

/** @throws ImageError image-kernel naming those that are there */
async function kernelOf({ checked, places }: Job): Promise<string> {
  const kernels = await findKernels(places.root)
  const wanted = checked.request.kernelVersion
  const found = wanted === undefined ? kernels[0] : kernels.find(({ version }) => version === wanted)
  if (found !== undefined) return found.version
  const have = kernels.length === 0 ? 'none' : kernels.map(({ version }) => version).join(' ')
  throw new ImageError(
    'image-kernel',
    wanted === undefined
      ? 'the image has no kernel: add its package (kernel, kernel-default, linux-image-…) to the pkglist'
      : `the image has no kernel ${wanted}, but ${have}: correct -k or kernelver, or add a repository that has it`,
  )
}

function depmod(root: string, version: string): CommandStep {
  return { kind: 'command', what: 'indexing the kernel modules', words: ['depmod', '-b', root, version] }
}

function placesIn(directory: string): BuildPlaces {
  return { root: join(directory, 'rootimg'), work: join(directory, WORK) }
}

/** Nothing of the caller's environment but how to reach the network. */
function environmentOf(request: GenimageRequest, { work: directory }: BuildPlaces): Record<string, string> {
  const proxies = Object.entries(process.env).filter(([name]) => /^(https?|ftp|all|no)_proxy$/i.test(name))
  const { MMDEBSTRAP_VARIANT: _variant, ...environment } = request.environment
  return {
    ...Object.fromEntries(proxies.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
    ...(request.kernelVersion === undefined ? {} : { QEMU_UNAME: request.kernelVersion }),
    ...environment,
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: `${directory}/home`,
    LC_ALL: 'C.UTF-8',
  }
}
