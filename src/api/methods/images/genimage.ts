/** genimage: the tables' side of it. How packages become a tree is the image room's business. */
import { join } from 'node:path'
import { isStateless } from '../../../cluster/images.ts'
import type { Image, ImageName } from '../../../cluster/model.ts'
import { compileSite } from '../../../cluster/site.ts'
import { openGenerations } from '../../../image/generations/generations.ts'
import { planGenimage } from '../../../image/genimage/genimage.ts'
import type { GenimageReport, GenimageRequest } from '../../../image/genimage/request.ts'
import { NETBOOT_RECORD, readPackRecord } from '../../../image/pack/record.ts'
import { tableSchema } from '../../../tables/schema.ts'
import type { OnProgress } from '../../protocol.ts'
import { commandResult } from '../../protocol.ts'
import type { Method, MethodContext } from '../context.ts'
import { edit } from '../edit.ts'
import { type GenimageJob, runGenimage } from './genimage-job.ts'
import { compileRequest } from './genimage-request.ts'
import { findTarget, type GenimageParams, type Target } from './genimage-target.ts'
import { inImage } from './image-errors.ts'
import { initrdDefaults } from './initrd-sources.ts'
import { checkedEntries, compileJob, compilePack } from './liteimg.ts'
import { compilePackJob } from './packimage.ts'
import { rootPasswordOf } from './site-files.ts'

export const genimage: Method<'image.genimage'> = async (context, params, onProgress) => {
  const { store, dryRun } = context
  const target = findTarget(store, params)
  const request = compileRequest(target, params, {
    rootPassword: rootPasswordOf(store),
    aptMirror: compileSite(store, []).get('ubuntu_apt_mirror')?.trim() || undefined,
  })
  if (params.explain === true || dryRun) return await showPlan(request, params)
  const ready = await preparation(context, target, request)
  const report = await run(context, { request, ...ready }, onProgress)
  const saved = params.noSave === true ? { warnings: [] } : await save(context, target)
  return commandResult(renderReport(report, target, Object.keys(ready).length > 0), report, [
    ...report.warnings.map((text) => `Warning: ${text}`),
    ...saved.warnings,
  ])
}

/** --dryrun: what would be run. --explain: how the lists were read. */
async function showPlan(request: GenimageRequest, { explain }: GenimageParams) {
  const { explanation, commands, warnings } = await inImage(() => planGenimage(request))
  const lines = explain === true ? explanation : ['Generating image: ', ...commands]
  return commandResult(
    lines,
    { image: request.image, lists: explanation, commands },
    warnings.map((text) => `Warning: ${text}`),
  )
}

/** Nodes boot the image as it is now: the new generation must be ready for them in the moment it takes its place. */
async function preparation(
  context: MethodContext,
  { name, saves }: Target,
  request: GenimageRequest,
): Promise<Pick<GenimageJob, 'lite' | 'pack'>> {
  const current = openGenerations(request.dest).current()
  const { snapshot } = await context.compiled()
  const image = snapshot.images.get(name as ImageName)
  if (current === undefined || image === undefined) return {}
  const { kernelVersion, drivers } = request
  // Saved when the build has succeeded: the tables do not have it yet.
  const commandLine = initrdDefaults(saves.get(name)?.addkcmdline)
  const chosen = {
    ...(commandLine === undefined ? {} : { commandLine }),
    ...(kernelVersion === undefined ? {} : { kernelVersion }),
    ...(drivers === undefined ? {} : { drivers }),
  }
  if (isStateless(image)) {
    const packed = readPackRecord(join(current.directory, NETBOOT_RECORD))
    if (packed === undefined) return {}
    const job = compilePackJob(image, snapshot.site, context.store, packed.method, packed.compressor)
    return { pack: { ...job, ...chosen } }
  }
  if (current.facts.revision === undefined || image.provmethod?.includes('statelite') !== true) return {}
  const { entries } = checkedEntries(image, snapshot)
  return { lite: { ...compileJob(image, snapshot, entries, context), ...chosen, ...packOf(image) } }
}

function packOf(image: Image): Pick<NonNullable<GenimageJob['lite']>, 'pack'> {
  return image.rootfstype === 'ramdisk' ? { pack: compilePack(image, undefined, undefined) } : {}
}

async function run(
  { server, signal }: MethodContext,
  job: GenimageJob,
  onProgress: OnProgress,
): Promise<GenimageReport> {
  if (server) return await (await import('./genimage-job.ts')).runGenimageInThread(job, onProgress, signal)
  const interruption = new AbortController()
  const interrupt = () => interruption.abort()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt)
  try {
    return await runGenimage(job, onProgress, interruption.signal)
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, interrupt)
  }
}

/** What was given on the command line, when the image with it exists. */
async function save(context: MethodContext, { saves }: Target): Promise<{ readonly warnings: readonly string[] }> {
  const changed = [...saves].filter(([, attributes]) => Object.keys(attributes).length > 0)
  if (changed.length === 0) return { warnings: [] }
  const isGeneral = new Set(tableSchema('osimage')?.columns.map((column) => column.name))
  return await edit(context, (transaction) => {
    for (const [imagename, attributes] of changed)
      for (const table of ['osimage', 'linuximage'] as const) {
        const values = Object.entries(attributes).filter(([name]) => isGeneral.has(name) === (table === 'osimage'))
        if (values.length > 0) transaction.setRows(table, { imagename }, Object.fromEntries(values))
      }
  })
}

function renderReport(report: GenimageReport, { name, attributes }: Target, isPrepared: boolean): string[] {
  const { generation, kernelVersion, packages, initrd, log, dest } = report
  const size = (initrd.sizeBytes / 1024 / 1024).toFixed(1)
  const tool = attributes.provmethod === 'netboot' ? 'packimage' : 'liteimg'
  return [
    'Generating image: ',
    `${join(dest, 'rootimg')}: ${packages === undefined ? 'a tree' : `${packages} packages`}, kernel ${kernelVersion}`,
    `${initrd.path}: ${size} MiB, ${initrd.modules} modules`,
    `the build log: ${log}`,
    `${name}: generation ${generation} is current; running nodes keep theirs until they boot`,
    ...(isPrepared ? [] : [`Prepare it for its nodes next: ${tool} ${name}`]),
  ]
}
