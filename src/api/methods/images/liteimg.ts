/** liteimg: the tables' side of it. What is done to the tree is the image room's business. */
import { join } from 'node:path'
import type { Image, Snapshot } from '../../../cluster/model.ts'
import type { Compressor } from '../../../image/pack/compressors.ts'
import { type Entry, selectEntries } from '../../../statelite/entries.ts'
import { checkEntries } from '../../../statelite/matrix.ts'
import { entriesRevision } from '../../../statelite/revision.ts'
import { OperatorError } from '../../errors.ts'
import { findingLine, tableFinding } from '../../findings.ts'
import { type ImageJob, type ImageReport, runImageJob } from '../../image-job.ts'
import { commandResult } from '../../protocol.ts'
import type { Method, MethodContext } from '../context.ts'
import { edit } from '../edit.ts'
import { expandKnown, imageNamed } from '../per-node.ts'
import { initrdSources } from './initrd-sources.ts'
import { packSources } from './pack-sources.ts'
import { siteFilesOf } from './site-files.ts'
import { usersOfCurrent } from './users.ts'

type Pack = NonNullable<ImageJob['pack']>

const SCRIPTS = join(import.meta.dirname, '../../../../initrd-scripts')

export const liteimg: Method<'image.liteimg'> = async (context, params, onProgress) => {
  const { image: name, verbose, force, inPlace, keepCurrent, method, compressor, initrd: initrdMaker } = params
  const { dryRun } = context
  const { snapshot } = await context.compiled()
  const defined = imageNamed(snapshot, name, `Cannot find image '${name}' from the osimage table.`)
  const image = { ...defined, rootfstype: params.rootfstype ?? defined.rootfstype }
  if (!image.provmethod?.includes('statelite')) {
    throw new OperatorError(
      'LB_BAD_INPUT',
      'Please make sure that osimage.provmethod is set to statelite before calling this command.',
      `chdef -t osimage -o ${name} provmethod=statelite`,
    )
  }
  const isRamdisk = image.rootfstype === 'ramdisk'
  if (!isRamdisk && (method !== undefined || compressor !== undefined))
    throw new OperatorError(
      'LB_BAD_INPUT',
      `-m and -c say how a root is packed, and ${name} has rootfstype=nfs`,
      `chdef -t osimage ${name} rootfstype=ramdisk`,
    )
  const { entries, warnings } = checkedEntries(image, snapshot)
  if (inPlace && !dryRun) refuseWhileInUse(context, snapshot, image, force)
  const way = {
    ...(inPlace ? { inPlace } : {}),
    ...(keepCurrent ? { promote: false } : {}),
    ...(initrdMaker === undefined ? {} : { initrd: initrdMaker }),
    ...(isRamdisk ? { pack: compilePack(image, method, compressor) } : {}),
  }
  const report = await runJob(context, { ...compileJob(image, snapshot, entries, context), ...way }, onProgress)
  const { tree, steps, initrd } = report
  const isOther = image.rootfstype !== defined.rootfstype
  const saved = isOther ? await saveRootfstype(context, image) : { warnings: [] }
  const made = initrd
    ? [
        `kernel ${initrd.kernelVersion}, initrd of ${(initrd.sizeBytes / 1024 / 1024).toFixed(1)} MiB with ${initrd.modules} modules: ${initrd.path}`,
      ]
    : []
  const aside = [
    ...tree.warnings,
    ...(report.packed?.warnings ?? []),
    ...tree.skipped.map(({ path, reason }) => `${path}: ${reason}`),
  ]
  return commandResult(
    [
      ...(verbose ? [...steps, ...tree.lines, ...made] : tree.lines),
      ...renderPacked(image, report),
      ...renderGeneration(image, report),
      ...(isOther ? [`${name}: rootfstype=${image.rootfstype}`] : []),
    ],
    report,
    [...warnings, ...saved.warnings, ...aside.map((text) => `Warning: ${text}`)],
  )
}

/** Nodes boot by the row, not by how the image was prepared: the two must not differ. */
async function saveRootfstype(context: MethodContext, { name, rootfstype }: Image) {
  return await edit(context, (transaction) => transaction.setRows('osimage', { imagename: name }, { rootfstype }))
}

/** As xCAT prints it. */
function renderPacked(image: Image, { packed }: ImageReport): string[] {
  if (packed === undefined) return []
  const { method, compressor, sizeBytes, unpackedBytes, pageBytes = 4096 } = packed.record
  const rootimg = join(image.rootimgdir, 'rootimg')
  // Nodes with large pages need much more for the same files, which surprises whoever looks at the tree.
  const pages = pageBytes === 4096 ? '' : ` in pages of ${pageBytes / 1024} KiB`
  const mebibytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MiB`
  return [
    `Packing contents of ${rootimg} ...`,
    `compress method: ${compressor}`,
    `Packing contents of ${rootimg} done.`,
    `${packed.path}: ${method}, ${mebibytes(sizeBytes)}, ${mebibytes(unpackedBytes)} unpacked${pages}`,
  ]
}

export function compilePack(
  image: Image,
  method: 'cpio' | 'squashfs' | undefined,
  compressor: Compressor | undefined,
): Pack {
  return {
    ...packSources(image),
    ...(method === undefined ? {} : { method }),
    ...(compressor === undefined ? {} : { compressor }),
  }
}

function renderGeneration({ name }: Image, { generation }: ImageReport): string[] {
  if (generation?.number === undefined) return []
  const { number, outcome, isCurrent } = generation
  if (outcome === 'in place') return [`${name}: generation ${number} was changed in its place`]
  if (outcome === 'unchanged') return [`${name}: generation ${number} stays current: there was nothing to change`]
  return isCurrent
    ? [`${name}: generation ${number} is current; running nodes keep theirs until they boot`]
    : [`${name}: generation ${number} is made and not current: liteboot image promote ${name} ${number}`]
}

/** @throws OperatorError with every error of the image's rows */
export function checkedEntries(
  image: Image,
  snapshot: Snapshot,
): { readonly entries: readonly Entry[]; readonly warnings: readonly string[] } {
  const selected = selectEntries(image, snapshot.litefile)
  const findings = [...selected.findings, ...checkEntries(selected.entries)].map(tableFinding)
  const lines = findings.map((finding) => findingLine(finding))
  const errors = lines.filter((line) => line.startsWith('Error: '))
  if (errors.length > 0) {
    const text = errors.map((line) => line.slice('Error: '.length)).join('\n       ')
    throw new OperatorError('LB_BAD_EDIT', text, 'The image was not touched. Correct the rows named above.')
  }
  return { entries: selected.entries, warnings: lines }
}

/** Files move while the tree is prepared; a node that runs from it would see them vanish. */
export function refuseWhileInUse(
  context: MethodContext,
  snapshot: Snapshot,
  image: Image,
  force: string | undefined,
): void {
  const rootimg = join(image.rootimgdir, 'rootimg')
  const users = usersOfCurrent(context, snapshot, image.rootimgdir)
  const accepted = new Set(force === undefined ? [] : expandKnown(context.store, force))
  const left = users.filter((node) => !accepted.has(node))
  if (left.length === 0) return
  throw new OperatorError(
    'LB_IMAGE_BUSY',
    `${rootimg} is the root of running nodes: ${left.join(' ')}`,
    `Without --in-place they keep what they run from. If they may see files vanish: liteimg ${image.name} --in-place --force ${users.join(',')}`,
  )
}

export function compileJob(
  image: Image,
  snapshot: Snapshot,
  entries: readonly Entry[],
  { store, dryRun }: MethodContext,
): ImageJob {
  return {
    rootimgdir: image.rootimgdir,
    ...initrdSources(image),
    scripts: SCRIPTS,
    siteFiles: siteFilesOf(image, store),
    tree: {
      entries: entries.map(({ option, path, parent }) => ({ option, path, parent })),
      revision: entriesRevision(entries),
      postscriptsDir: join(snapshot.site.installdir, 'postscripts'),
      ...(image.profile && image.osarch ? { fstabRootName: `${image.profile}_${image.osarch}` } : {}),
      ...(image.rootfstype === 'ramdisk' ? { writableRoot: true } : {}),
      dryRun,
    },
  }
}

async function runJob(
  { server, signal }: MethodContext,
  job: ImageJob,
  onProgress: (line: string) => void,
): Promise<ImageReport> {
  if (!server) return runImageJob(job, onProgress)
  const { runImageJobInThread } = await import('../../image-worker.ts')
  // A tree that is changed in its place is better off finished.
  return runImageJobInThread(job, onProgress, job.inPlace === true ? undefined : signal)
}
