/** packimage: an image for stateless nodes as one file. The tables' side of it. */
import { join } from 'node:path'
import type { Image, Site } from '../../../cluster/model.ts'
import type { Compressor } from '../../../image/pack/compressors.ts'
import type { PackMethod } from '../../../image/pack/record.ts'
import type { TablesView } from '../../../tables/row.ts'
import { OperatorError } from '../../errors.ts'
import { type PackJob, runPackJob } from '../../pack-job.ts'
import { commandResult } from '../../protocol.ts'
import type { Method } from '../context.ts'
import { imageNamed } from '../per-node.ts'
import { initrdSources } from './initrd-sources.ts'
import { packSources } from './pack-sources.ts'
import { siteFilesOf } from './site-files.ts'

const SCRIPTS = join(import.meta.dirname, '../../../../initrd-scripts')

export const packimage: Method<'image.pack'> = async (context, params, onProgress) => {
  const { image: name, method = 'cpio', compressor, noSyncFiles } = params
  const { snapshot } = await context.compiled()
  const image = imageNamed(snapshot, name, `Cannot find image '${name}' from the osimage table.`)
  if (image.provmethod !== 'netboot')
    throw new OperatorError(
      'LB_BAD_INPUT',
      `'${name}' cannot be used to build diskless image. Make sure osimage.provmethod is 'netboot'.`,
      image.provmethod?.includes('statelite') ? `For statelite: liteimg ${name}` : '',
    )
  const rootimg = join(image.rootimgdir, 'rootimg')
  if (context.dryRun) return commandResult([`Would pack ${rootimg} (${method}) into a new generation.`], {})
  const whole = compilePackJob(image, snapshot.site, context.store, method, compressor)
  const job = noSyncFiles ? { ...whole, siteFiles: { ...whole.siteFiles, synclists: [] } } : whole
  const { runPackJobInThread } = await import('../../image-worker.ts')
  const report = await (context.server
    ? runPackJobInThread(job, onProgress, context.signal)
    : runPackJob(job, onProgress))
  const { record, path } = report.packed
  return commandResult(
    [
      `Packing contents of ${rootimg}`,
      `archive method:${record.method}`,
      // squashfs compresses by itself.
      ...(record.method === 'squashfs' ? [] : [`compress method:${record.compressor}`]),
      `${path}: ${(record.sizeBytes / 1024 / 1024).toFixed(1)} MiB, generation ${report.generation}`,
    ],
    report,
    report.warnings.map((text) => `Warning: ${text}`),
  )
}

export function compilePackJob(
  image: Image,
  site: Site,
  view: TablesView,
  method: PackMethod,
  compressor: Compressor | undefined,
): PackJob {
  return {
    image: image.name,
    rootimgdir: image.rootimgdir,
    method,
    ...(compressor === undefined ? {} : { compressor }),
    ...packSources(image),
    ...initrdSources(image),
    siteFiles: siteFilesOf(image, view),
    timezone: site.get('timezone')?.trim() || undefined,
    postscriptsDir: join(site.installdir, 'postscripts'),
    ...(image.profile && image.osarch ? { fstabRootName: `${image.profile}_${image.osarch}` } : {}),
    scripts: SCRIPTS,
  }
}
