/** image diff: two images, or two generations of one: attributes, kernel, packages, litefile rows, files. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Image, Snapshot } from '../../../cluster/model.ts'
import { diffPackages, type PackageChange, readPackages } from '../../../image/diff/packages.ts'
import { diffTrees, type TreeChange } from '../../../image/diff/tree-diff.ts'
import type { ImagePlace } from '../../../image/generations/layout.ts'
import { sha256Of } from '../../../image/initrd/kernel.ts'
import { selectEntries } from '../../../statelite/entries.ts'
import { OperatorError } from '../../errors.ts'
import { commandResult } from '../../protocol.ts'
import type { Method, MethodContext } from '../context.ts'
import { imageNamed } from '../per-node.ts'
import { placeOfImage } from './export.ts'
import { inImageFiles } from './image-errors.ts'
import { imageColumns } from './image-files.ts'

interface Side {
  readonly image: Image
  readonly place: ImagePlace
  /** `lite@3` */
  readonly label: string
}

/** Lines of a section, unless --limit says otherwise: what a screen holds twice. */
const SECTION_LINES = 100

export const diffImages: Method<'image.diff'> = async (context, params, onProgress) => {
  const { snapshot } = await context.compiled()
  const [a, b] = [sideOf(snapshot, params.from), sideOf(snapshot, params.to)]
  const limit = params.limit ?? SECTION_LINES
  const isSame = a.image.name === b.image.name
  const attributes = isSame ? [] : diffValues(attributesOf(context, a.image), attributesOf(context, b.image))
  const litefile = isSame ? [] : diffValues(litefileOf(snapshot, a.image), litefileOf(snapshot, b.image))
  const kernel = diffValues(kernelOf(a.place), kernelOf(b.place))
  onProgress('Comparing packages ...')
  const [before, after] = [
    await inImageFiles(() => readPackages(a.place.rootimg)),
    await inImageFiles(() => readPackages(b.place.rootimg)),
  ]
  const packages = diffPackages(before.packages, after.packages)
  onProgress('Comparing files ...')
  const files = await inImageFiles(() => diffTrees(a.place.rootimg, b.place.rootimg, limit))
  const warnings = [before.fault, after.fault].flatMap((fault) => (fault === undefined ? [] : [`Warning: ${fault}`]))
  const data = {
    from: a.label,
    to: b.label,
    attributes,
    kernel,
    packages: packages.slice(0, limit),
    packageChanges: packages.length,
    litefile,
    files,
  }
  const count = files.added + files.removed + files.changed
  const output = [
    `--- ${a.label} ${a.place.rootimg}`,
    `+++ ${b.label} ${b.place.rootimg}`,
    ...section('attributes', attributes.map(valueLine), attributes.length, limit),
    ...section('kernel', kernel.map(valueLine), kernel.length, limit),
    ...section('packages', packages.map(packageLine), packages.length, limit),
    ...section('litefile', litefile.map(valueLine), litefile.length, limit),
    ...section(
      `files (${files.added} added, ${files.removed} removed, ${files.changed} changed)`,
      files.changes.map(fileLine),
      count,
      limit,
    ),
  ]
  return commandResult(output.length === 2 ? [`${a.label} and ${b.label} are the same.`] : output, data, warnings)
}

function sideOf(snapshot: Snapshot, word: string): Side {
  const [, name = '', number] = /^(.*?)(?:@([1-9][0-9]{0,8}))?$/.exec(word) ?? []
  if (name.includes('@')) throw new OperatorError('LB_USAGE', `${word}: write <image> or <image>@<generation>.`)
  const image = imageNamed(snapshot, name, `Cannot find image '${name}' from the osimage table.`)
  const place = placeOfImage(image, number === undefined ? undefined : Number(number))
  if (!existsSync(join(place.rootimg, '.')))
    throw new OperatorError('LB_FILE', `${place.rootimg} is not there: the image ${name} has no tree`)
  return { image, place, label: place.number === undefined ? name : `${name}@${place.number}` }
}

/** Its name and place are different in any case. */
function attributesOf({ store }: MethodContext, { name }: Image): Map<string, string> {
  const columns = { ...imageColumns(store, 'osimage', name), ...imageColumns(store, 'linuximage', name) }
  return new Map(Object.entries(columns).filter(([column]) => column !== 'rootimgdir'))
}

function litefileOf(snapshot: Snapshot, image: Image): Map<string, string> {
  return new Map(selectEntries(image, snapshot.litefile).entries.map(({ path, option }) => [path, option]))
}

function kernelOf({ directory }: ImagePlace): Map<string, string> {
  const facts = new Map<string, string>()
  for (const name of ['kernel', 'initrd-statelite.gz', 'initrd-stateless.gz']) {
    const path = join(directory, name)
    if (existsSync(path))
      facts.set(name, `${versionIn(`${path}.json`)}sha256 ${sha256Of(readFileSync(path)).slice(0, 16)}`)
  }
  return facts
}

function versionIn(record: string): string {
  try {
    // Boundary: written beside the file by whoever made it; may be missing or foreign.
    const { version, kernelVersion } = JSON.parse(readFileSync(record, 'utf8')) as Partial<Record<string, unknown>>
    const said = version ?? kernelVersion
    return typeof said === 'string' ? `${said}, ` : ''
  } catch {
    return ''
  }
}

function diffValues(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): PackageChange[] {
  const pack = (values: ReadonlyMap<string, string>) =>
    new Map([...values].map(([name, value]) => [name, [value]] as const))
  return diffPackages(pack(a), pack(b))
}

function valueLine({ name, before, after }: PackageChange): string {
  if (before === undefined) return `+ ${name}=${after}`
  return after === undefined ? `- ${name}=${before}` : `~ ${name}: ${before} -> ${after}`
}

function packageLine({ name, before, after }: PackageChange): string {
  if (before === undefined) return `+ ${name} ${after}`
  return after === undefined ? `- ${name} ${before}` : `~ ${name} ${before} -> ${after}`
}

const SIGNS = { added: '+', removed: '-', changed: '~' } as const

function fileLine({ path, change, what, below }: TreeChange): string {
  const aside = below === undefined ? what.join(', ') : `${below} below`
  return `${SIGNS[change]} /${path}${aside === '' ? '' : ` (${aside})`}`
}

function section(title: string, lines: readonly string[], count: number, limit: number): string[] {
  if (lines.length === 0) return []
  const shown = lines.slice(0, limit).map((line) => `  ${line}`)
  const isCut = count > shown.length && lines.length >= limit
  return [`${title}:`, ...shown, ...(isCut ? ['  … and more (--limit)'] : [])]
}
