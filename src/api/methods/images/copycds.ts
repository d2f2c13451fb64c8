/** copycds: media are copied one after the other, each as a whole, and entered into the tables when they are in their place. */
import { isAbsolute, join, relative } from 'node:path'
import { compileSite } from '../../../cluster/site.ts'
import type { CopyReport } from '../../../image/copycds/copy.ts'
import { type MediumSource, openMedium } from '../../../image/copycds/source.ts'
import { ImageError } from '../../../image/image-error.ts'
import type { Medium } from '../../../image/media/medium.ts'
import { identifyMedium, recognizeMedium } from '../../../image/media/recognize.ts'
import { splitList } from '../../../tables/row.ts'
import { OperatorError } from '../../errors.ts'
import { commandResult, type OnProgress } from '../../protocol.ts'
import type { Method, MethodContext } from '../context.ts'
import { edit } from '../edit.ts'
import { fileSearch } from '../objects/this-machine.ts'
import {
  type DefaultImages,
  type Distribution,
  defaultImages,
  distributionDirectories,
  writeDistribution,
  writeImages,
} from './default-images.ts'
import { inspectionLines } from './inspection.ts'
import { readMadeImages, writeMadeImages } from './made-images.ts'

/** What one medium came to: lines worded already. */
interface Outcome {
  readonly output: readonly string[]
  readonly warnings: readonly string[]
  readonly errors: readonly string[]
  readonly data: object
}

export const copycds: Method<'image.copycds'> = async (context, params, onProgress) => {
  if (params.media.length === 0)
    throw new OperatorError('LB_USAGE', 'copycds needs at least one full path to ISO currently.')
  const wrong = [...params.media, params.path ?? '/'].find((path) => !isAbsolute(path))
  if (wrong !== undefined)
    throw new OperatorError(
      'LB_BAD_INPUT',
      `'${wrong}' is not an absolute path`,
      'The server has no current directory.',
    )
  const outcomes: Outcome[] = []
  for (const path of params.media) {
    if (context.signal?.aborted === true) break
    try {
      outcomes.push(await (params.inspect ? inspect(path, params) : copyOne(context, path, params, onProgress)))
    } catch (error) {
      outcomes.push({ output: [], warnings: [], errors: errorLines(error, path), data: { medium: path, failed: true } })
    }
  }
  const lines = outcomes.flatMap(({ warnings, errors }) => [...warnings.map((text) => `Warning: ${text}`), ...errors])
  return commandResult(
    outcomes.flatMap(({ output }) => output),
    outcomes.map(({ data }) => data),
    lines,
    outcomes.some(({ errors }) => errors.length > 0) ? 1 : 0,
  )
}

/** One medium that fails does not stop the others. */
function errorLines(error: unknown, path: string): readonly string[] {
  if (error instanceof OperatorError) return [`Error: ${error.message}`, `       ${error.advice}`]
  const isOfFile = error instanceof Error && 'syscall' in error
  if (!(error instanceof ImageError) && !isOfFile) throw error
  const [first = '', ...more] = error instanceof ImageError ? error.problems : [`${path}: ${error.message}`]
  return [`Error: ${first}`, ...more.map((line) => `       ${line}`)]
}

interface Request {
  readonly name?: string | undefined
  readonly arch?: string | undefined
  readonly path?: string | undefined
  readonly noImages?: boolean | undefined
  readonly skipKnown?: boolean | undefined
}

async function inspect(path: string, { name, arch }: Request): Promise<Outcome> {
  const found = identifyMedium(await openMedium(path))
  const ignored = [name === undefined ? [] : '-n', arch === undefined ? [] : '-a'].flat()
  return {
    output: inspectionLines(path, found),
    warnings: ignored.map((option) => `copycds: ${option} is ignored with -i`),
    errors: found ? [] : ['Error: copycds could not identify the ISO supplied, you may wish to try -n <osver>'],
    data: { medium: path, osvers: found?.osvers ?? null, arch: found?.arch ?? null, disc: found?.discNumber ?? null },
  }
}

/** A medium that was recognised, and everything that follows from its name. */
interface Planned {
  readonly source: MediumSource
  readonly medium: Medium & { readonly arch: string }
  readonly installdir: string
  readonly distribution: Distribution
  /** The directory of the medium itself. */
  readonly destination: string
  /** -p. */
  readonly isChosen: boolean
  readonly images: DefaultImages
}

async function copyOne(
  context: MethodContext,
  path: string,
  request: Request,
  onProgress: OnProgress,
): Promise<Outcome> {
  const planned = planCopy(context, await openMedium(path), request)
  const { source, medium, distribution, destination, images, installdir } = planned
  const { fingerprintOf, holdsMedium } = await import('../../../image/copycds/fingerprint.ts')
  const fingerprint = fingerprintOf(source.entries)
  const about = { medium: path, osvers: medium.osvers, arch: medium.arch, disc: medium.discNumber ?? null }
  if (request.skipKnown) {
    const { osvers, osarch, pkgdir } = distribution
    const directories = [...distributionDirectories(context.store, osvers, osarch), pkgdir]
    for (const directory of directories)
      if (await holdsMedium(directory, fingerprint))
        return {
          output: ['The disc iso has already been copied in!'],
          warnings: [],
          errors: [],
          data: { ...about, path: directory, alreadyCopied: true },
        }
  }
  const warnings = [...medium.remarks]
  if (isOutside(installdir, distribution.pkgdir))
    warnings.push(
      `copycds: ${distribution.pkgdir} is outside of ${installdir} (site.installdir): the HTTP server may not export it`,
    )
  if (!request.noImages && images.size === 0)
    warnings.push(
      `no package list is there for ${medium.osvers} on ${medium.arch}: no osimage is made of it. Put one into ${installdir}/custom/netboot, or define an image with mkdef`,
    )
  const output = [`Copying media to ${destination}`]
  let copied: CopyReport | undefined
  if (!context.dryRun) {
    copied = await copyNow(planned, onProgress, context.signal)
    warnings.push(...copied.warnings)
    output.push('Media copy operation successful')
  }
  const entered = await enter(context, planned, request)
  return {
    output: context.dryRun ? [wouldCopy(planned)] : output,
    warnings: [...warnings, ...entered.warnings],
    errors: [],
    data: {
      ...about,
      path: destination,
      alreadyCopied: false,
      files: copied?.files ?? 0,
      sizeBytes: copied?.sizeBytes ?? 0,
      fingerprint,
      images: entered.images,
    },
  }
}

function planCopy(context: MethodContext, source: MediumSource, request: Request): Planned {
  const site = compileSite(context.store, [])
  const found = recognizeMedium(source, {
    ...(request.name === undefined ? {} : { name: request.name }),
    ...(request.arch === undefined ? {} : { arch: request.arch }),
  })
  if ('problem' in found) throw new OperatorError('LB_BAD_INPUT', found.problem, found.advice)
  const { medium } = found
  demandPathWord(medium.osvers, 'a distribution', '-n')
  demandPathWord(medium.arch, 'an architecture', '-a')
  const { installdir } = site
  const only = splitList(site.get('onlysupportarchs') ?? '')
  if (only.length > 0 && !only.includes(medium.arch))
    throw new OperatorError(
      'LB_BAD_INPUT',
      `the medium is for ${medium.arch}, and this site takes only ${only.join(', ')}`,
      'Add it to site.onlysupportarchs: chdef -t site onlysupportarchs=…',
    )
  const pkgdir = request.path ?? join(installdir, medium.osvers, medium.arch)
  const distribution = { osvers: medium.osvers, osarch: medium.arch, pkgdir }
  const images = defaultImages(distribution, fileSearch(installdir))
  const isRequired = !/^(|0|n|no|false)$/i.test(site.get('osimagerequired') ?? '')
  if (isRequired && images.size === 0)
    throw new OperatorError(
      'LB_BAD_INPUT',
      `no template and no package list is there for ${medium.osvers} on ${medium.arch}, and site.osimagerequired asks for one`,
      `Put one into ${installdir}/custom/netboot, or unset site.osimagerequired.`,
    )
  const destination = medium.slot === undefined ? pkgdir : join(pkgdir, medium.slot)
  return { source, medium, installdir, distribution, destination, isChosen: request.path !== undefined, images }
}

/** Both become names of directories and of images; media are not to be trusted with more. */
function demandPathWord(text: string, what: string, option: string): void {
  if (/^[A-Za-z0-9][\w.+-]*$/.test(text) && text.length <= 64) return
  throw new OperatorError(
    'LB_BAD_INPUT',
    `'${text}' is no name of ${what}`,
    `Give one of letters, digits, dots and dashes with ${option}.`,
  )
}

function isOutside(directory: string, path: string): boolean {
  const from = relative(directory, path)
  return from === '..' || from.startsWith('../') || isAbsolute(from)
}

const PROGRESS_PAUSE_MS = 200

async function copyNow(planned: Planned, onProgress: OnProgress, signal: AbortSignal | undefined): Promise<CopyReport> {
  const { source, medium, installdir, distribution, destination, isChosen } = planned
  let saidAt = 0
  let said = ''
  const report = await (await import('../../../image/copycds/copy.ts')).copyMedium({
    source,
    medium,
    destination,
    isChosen,
    ...(signal === undefined ? {} : { signal }),
    onProgress(fraction) {
      const now = Date.now()
      const line = `${(fraction * 100).toFixed(2)}%`
      if (line === said || (fraction < 1 && now - saidAt < PROGRESS_PAUSE_MS)) return
      saidAt = now
      said = line
      onProgress(line)
    },
  })
  const { linkSlots } = await import('../../../image/copycds/slots.ts')
  const warnings = await linkSlots(medium, distribution.pkgdir, join(installdir, medium.osvers, medium.arch))
  if (medium.family === 'rhel') {
    const { writeRepositories } = await import('../../../image/copycds/repositories.ts')
    await writeRepositories(installdir, `${medium.osvers}-${medium.arch}`, destination)
  }
  return { ...report, warnings: [...report.warnings, ...warnings] }
}

async function enter(
  context: MethodContext,
  { distribution, images }: Planned,
  { noImages }: Request,
): Promise<{ readonly warnings: readonly string[]; readonly images: object }> {
  const made = readMadeImages(context)
  const { result, warnings } = await edit(context, (transaction) => {
    writeDistribution(transaction, distribution)
    return writeImages(transaction, noImages ? new Map() : images, made)
  })
  // Read again: another copycds may have ended while this edit was made.
  if (!context.dryRun && !noImages) {
    const own = [...result.made].filter(([name]) => images.has(name))
    writeMadeImages(context, new Map([...readMadeImages(context), ...own]))
  }
  const { created, updated, kept } = result
  const left = Object.entries(kept).map(
    ([image, attributes]) => `osimage ${image} keeps what was changed by hand: ${attributes.join(', ')}`,
  )
  return { warnings: [...warnings.map(withoutPrefix), ...left], images: { created, updated, kept } }
}

function withoutPrefix(line: string): string {
  return line.replace(/^Warning: /, '')
}

function wouldCopy({ source, destination }: Planned): string {
  const files = source.entries.filter(({ kind }) => kind === 'file')
  const bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  return `Would copy media to ${destination}: ${files.length} files, ${(bytes / 1024 / 1024).toFixed(1)} MiB`
}
