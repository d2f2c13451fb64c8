/**
 * The work of packimage: the image's tree as a stateless node is to find it, packed into a new generation. The tree that
 * nodes may have mounted is not touched: what statelite moved is put back in a copy that lasts as long as the packing.
 */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { removeWhole } from '../image/generations/disk.ts'
import { openGenerations } from '../image/generations/generations.ts'
import { copyTree } from '../image/generations/share.ts'
import { ImageError } from '../image/image-error.ts'
import { lstatOrMissing, resolveInside } from '../image/liteimg/confined.ts'
import { liteimg } from '../image/liteimg/liteimg.ts'
import type { TreeEdit } from '../image/liteimg/tree-edit.ts'
import { type Compressor, defaultCompressor } from '../image/pack/compressors.ts'
import { type PackReport, packTree } from '../image/pack/pack.ts'
import type { PackMethod } from '../image/pack/record.ts'
import { listReader } from '../image/pack/selection.ts'
import { putSiteFiles, type SiteFiles } from '../image/site-files.ts'
import { OperatorError } from './errors.ts'
import type { OnProgress } from './protocol.ts'

export interface PackJob {
  readonly image: string
  readonly rootimgdir: string
  readonly method: PackMethod
  /** Left out: pigz where it is installed, else gzip. */
  readonly compressor?: Compressor
  readonly exlist: readonly string[]
  readonly environvar: Readonly<Record<string, string>>
  readonly siteFiles: SiteFiles
  readonly timezone: string | undefined
  readonly postscriptsDir: string
  readonly fstabRootName?: string
  readonly scripts: string
}

export interface PackJobReport {
  readonly packed: PackReport
  readonly generation: number
  readonly warnings: readonly string[]
}

/** xCAT's own list: what only statelite needs. */
const LEAVE_OUT = [
  ...[
    './etc/init.d/statelite',
    './etc/rc.sysinit.backup',
    './.statelite',
    './.statelite/*',
    './.default',
    './.default/*',
  ],
  './.statebackup*',
]
const COPY = '.packed-tree'

/** @throws OperatorError LB_IMAGE */
export async function runPackJob(job: PackJob, onProgress: OnProgress): Promise<PackJobReport> {
  try {
    return await packIntoGeneration(job, onProgress)
  } catch (error) {
    if (error instanceof ImageError) throw new OperatorError('LB_IMAGE', error.message)
    throw error
  }
}

async function packIntoGeneration(job: PackJob, onProgress: OnProgress): Promise<PackJobReport> {
  const { rootimgdir, method } = job
  const rootimg = join(rootimgdir, 'rootimg')
  if ((await lstatOrMissing(rootimg)) === undefined)
    throw new ImageError('image-root', `${rootimg} does not exist: build the image first, or correct rootimgdir`)
  const reason = `packimage: ${method}`
  const draft = await openGenerations(rootimgdir).begin({ from: 'current', by: 'packimage', reason, writer: 'replace' })
  try {
    const copy = join(draft.directory, COPY)
    onProgress(`Copying ${rootimg} ...`)
    await copyTree(draft.rootimg, copy, 'replace', draft.lockFd)
    const warnings = await prepareCopy(job, copy, draft.lockFd)
    onProgress(`Packing contents of ${rootimg}`)
    const zone = await zoneFiles(copy, job.timezone)
    const packed = await packTree({
      tree: {
        root: copy,
        exlist: job.exlist,
        lists: { read: listReader, variables: { ...process.env, ...job.environvar } },
        leaveOut: LEAVE_OUT,
        keep: ['./dev', './proc', './run', './sys', './tmp', ...zone],
      },
      directory: draft.directory,
      purpose: 'netboot',
      method,
      compressor: job.compressor ?? defaultCompressor(),
      lockFd: draft.lockFd,
      onProgress,
    })
    await removeWhole(copy, draft.lockFd)
    const made = await draft.commit({ promote: true })
    const path = join(rootimgdir, packed.record.file)
    return { packed: { ...packed, path }, generation: made.number, warnings: [...warnings, ...packed.warnings] }
  } catch (error) {
    await draft.abort()
    throw error
  }
}

/** liteimg with no entries takes back all that statelite needs, and brings the postscripts. */
async function prepareCopy(job: PackJob, copy: string, lockFd: number): Promise<readonly string[]> {
  const { tree } = await liteimgOf(job, copy, lockFd)
  return tree.warnings
}

async function liteimgOf(job: PackJob, copy: string, lockFd: number) {
  const tree = await liteimg({
    rootimg: copy,
    entries: [],
    revision: 'none',
    validate: () => [],
    nodeScript: join(job.scripts, 'node/statelite'),
    postscriptsDir: job.postscriptsDir,
    ...(job.fstabRootName === undefined ? {} : { fstabRootName: job.fstabRootName }),
    writableRoot: true,
    lockFd,
    before: async (edit, dryRun) => {
      const { warnings } = await putSiteFiles(edit, job.siteFiles, dryRun)
      await writeInfo(edit, job.image)
      await linkTimezone(edit, job.timezone)
      return warnings
    },
  })
  return { tree }
}

/** xCAT's postscripts read it as shell. */
async function writeInfo(edit: TreeEdit, image: string): Promise<void> {
  const real = await resolveInside(edit.root, 'opt/xcat/xcatinfo')
  if (real === undefined) return
  await edit.makeDirs(real.slice(0, Math.max(real.lastIndexOf('/'), 0)))
  const lines = [`IMAGENAME='${image}'`, `IMAGEUUID='${randomUUID()}'`, `TIMESTAMP='${new Date().toISOString()}'`]
  await edit.writeFile(real, `${lines.join('\n')}\n`, 0o644)
}

async function linkTimezone(edit: TreeEdit, timezone: string | undefined): Promise<void> {
  if (timezone === undefined || (await zoneFiles(edit.root, timezone)).length === 0) return
  const etc = await resolveInside(edit.root, 'etc')
  if (etc === undefined || !(await lstatOrMissing(edit.path(etc)))?.isDirectory()) return
  if ((await lstatOrMissing(edit.path(`${etc}/localtime`))) !== undefined) await edit.removeTree(`${etc}/localtime`)
  await edit.link(`${etc}/localtime`, `../usr/share/zoneinfo/${timezone}`)
}

/** The zone's file, and what it is a link to: packed whatever the exlist says. */
async function zoneFiles(root: string, timezone: string | undefined): Promise<string[]> {
  if (timezone === undefined || !/^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/.test(timezone)) return []
  const path = `usr/share/zoneinfo/${timezone}`
  const real = await resolveInside(root, path)
  if (real === undefined || (await lstatOrMissing(join(root, real))) === undefined) return []
  return [...new Set([`./${path}`, `./${real}`])]
}
