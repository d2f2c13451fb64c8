/** liteimg: the tree, then kernel and initrd. */
import { join } from 'node:path'
import { z } from 'zod'
import type { Image } from '../../cluster/model.ts'
import { ImageError } from '../../image/image-error.ts'
import { assembleInitrd } from '../../image/initrd/assemble.ts'
import { copyKernel } from '../../image/initrd/kernel.ts'
import { liteimg } from '../../image/liteimg/liteimg.ts'
import { entriesRevision } from '../../statelite/revision.ts'
import { OperatorError } from '../errors.ts'
import { commandResult } from '../protocol.ts'
import { method } from './context.ts'
import { checkedEntries, imageNamed } from './statelite.ts'

const SCRIPTS = join(import.meta.dirname, '../../../initrd-scripts')

/** Kernel copied, initrd assembled: always from the tree as it is now, in seconds. */
async function makeInitrd(image: Image): Promise<string[]> {
  const { rootimgdir } = image
  const arch = image.osarch ?? 'x86_64'
  const kernelVersion = image.attribute('kernelver')?.trim() || undefined
  const drivers = (image.attribute('netdrivers') ?? '').split(',').map((name) => name.trim().replace(/\.ko$/, ''))
  const named = drivers.filter((name) => name !== '' && name !== 'allupdate')
  const version = kernelVersion === undefined ? {} : { kernelVersion }
  const kernel = await copyKernel({ rootimgdir, arch, ...version })
  const report = await assembleInitrd({
    rootimg: join(rootimgdir, 'rootimg'),
    kernelVersion: kernel.version,
    arch,
    scripts: SCRIPTS,
    ...(named.length > 0 ? { drivers: named } : {}),
    output: join(rootimgdir, 'initrd-statelite.gz'),
    compress: 'gzip',
  })
  const size = (report.size / 1024 / 1024).toFixed(1)
  return [`kernel ${kernel.version}, initrd of ${size} MiB with ${report.modules.length} modules: ${report.path}`]
}

const params = z.object({ image: z.string(), dryRun: z.boolean(), verbose: z.boolean() })

export const liteimgMethod = method(params, async (context, { image: name, dryRun, verbose }, onProgress) => {
  const snapshot = context.cluster.current
  const image = imageNamed(snapshot, name)
  if (!image.provmethod?.includes('statelite')) {
    throw new OperatorError(
      'LB_BAD_INPUT',
      'Please make sure that osimage.provmethod is set to statelite before calling this command.',
      `chdef -t osimage -o ${name} provmethod=statelite`,
    )
  }
  const { entries } = checkedEntries(image, snapshot)
  const rootimg = join(image.rootimgdir, 'rootimg')
  const steps: string[] = []
  try {
    const report = await liteimg({
      rootimg,
      entries: entries.map(({ option, path, parent }) => ({ option, path, parent })),
      revision: entriesRevision(entries),
      validate: () => [],
      nodeScript: join(SCRIPTS, 'node/statelite'),
      postscriptsDir: join(snapshot.site.installdir, 'postscripts'),
      ...(image.profile && image.osarch ? { fstabRootName: `${image.profile}_${image.osarch}` } : {}),
      dryRun,
      onStep: (step) => {
        const line = Object.values(step).join(' ')
        if (verbose) steps.push(line)
      },
    })
    const output = [...steps, ...report.lines]
    const warnings = [...report.warnings, ...report.skipped.map(({ path, reason }) => `${path}: ${reason}`)]
    if (!dryRun) onProgress('assembling the initrd')
    if (!dryRun) output.push(...(await makeInitrd(image)))
    return commandResult(
      output,
      report,
      warnings.map((warning) => `Warning: ${warning}`),
    )
  } catch (error) {
    if (error instanceof ImageError) throw new OperatorError('LB_IMAGE', error.message)
    throw error
  }
})
