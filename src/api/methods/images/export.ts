/** imgexport: an image with its definition as one file. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Image } from '../../../cluster/model.ts'
import { type BundleExtra, TREE_NAME } from '../../../image/bundle/manifest.ts'
import { type BundleMember, writeBundle } from '../../../image/bundle/write.ts'
import { openGenerations } from '../../../image/generations/generations.ts'
import type { ImagePlace } from '../../../image/generations/layout.ts'
import { renderCsv } from '../../../tables/csv.ts'
import { cell, enabledRows, type Row, type TablesView } from '../../../tables/row.ts'
import { tableSchema } from '../../../tables/schema.ts'
import { OperatorError } from '../../errors.ts'
import { commandResult } from '../../protocol.ts'
import type { Method, MethodContext } from '../context.ts'
import { imageNamed, oneNode } from '../per-node.ts'
import { inCalledImage } from './image-errors.ts'
import { FILE_ATTRIBUTES, imageColumns, pathsOf, rowsForImage } from './image-files.ts'

/** Without these nobody can tell what the image is for. */
const REQUIRED = ['osvers', 'osarch', 'profile', 'provmethod'] as const

export const exportImage: Method<'image.export'> = async (context, params, onProgress) => {
  const { snapshot } = await context.compiled()
  const image = imageNamed(snapshot, params.image, `Cannot find image '${params.image}' from the osimage table.`)
  const missing = REQUIRED.filter((column) => image.attribute(column) === undefined)
  if (missing.length > 0)
    throw new OperatorError(
      'LB_BAD_INPUT',
      `osimage ${image.name} has no ${missing.join(', ')}.`,
      `chdef -t osimage -o ${image.name} ${missing[0]}=…`,
    )
  const output = outputPath(params.file, image.name)
  const place = placeOfImage(image, params.generation)
  const { store } = context
  const notes: string[] = []
  const lists = listMembers(image, notes)
  const extras = (params.extra ?? []).map(parseExtra)
  const isDiskless = image.provmethod !== 'install'
  const files = isDiskless ? imageMembers(image, place, notes) : []
  const hasTree = isDiskless && existsSync(join(place.rootimg, '.'))
  const scripts = params.node === undefined ? {} : await scriptsOf(context, params.node)
  const manifest = {
    osimage: { imagename: image.name, ...imageColumns(store, 'osimage', image.name) },
    linuximage: {
      imagename: image.name,
      ...imageColumns(store, 'linuximage', image.name),
      rootimgdir: image.rootimgdir,
    },
    columns: {},
    files: {
      ...Object.fromEntries(
        files.flatMap(({ kind, name }) => (kind === undefined ? [] : [[kind, join(image.rootimgdir, name)]])),
      ),
      ...(hasTree ? { rootimgtree: join(image.rootimgdir, 'rootimg', TREE_NAME) } : {}),
      ...(isDiskless ? { litefile: join(image.rootimgdir, 'litefile.csv') } : {}),
    },
    extra: extras.map(({ extra }) => extra),
    postscripts: scripts.postscripts,
    postbootscripts: scripts.postbootscripts,
    needsMedia: !isDiskless,
    installdir: snapshot.site.installdir,
  }
  const members = [...files, ...lists, ...extras, ...(isDiskless ? tableMembers(store, image) : [])]
  const data = {
    image: image.name,
    file: output,
    generation: place.number ?? null,
    members: members.map(({ name }) => name),
  }
  const warnings = notes.map((note) => `Warning: ${note}`)
  if (context.dryRun) return commandResult([`Would write ${output}: ${data.members.join(' ')}`], data, warnings)
  onProgress(`Exporting ${image.name} ...`)
  const { sizeBytes } = await inCalledImage(context, () =>
    writeBundle({
      name: image.name,
      output,
      manifest,
      members,
      onProgress,
      ...(hasTree ? { rootimg: place.rootimg } : {}),
    }),
  )
  const from = place.number === undefined ? '' : ` (generation ${place.number})`
  const done = `${image.name}${from} exported to ${output}, ${(sizeBytes / 1024 / 1024).toFixed(1)} MiB.`
  return commandResult([done], { ...data, sizeBytes }, warnings)
}

function outputPath(file: string, name: string): string {
  const path = statSync(file, { throwIfNoEntry: false })?.isDirectory() ? join(file, `${name}.tgz`) : file
  if (!statSync(dirname(path), { throwIfNoEntry: false })?.isDirectory())
    throw new OperatorError('LB_FILE', `there is no directory ${dirname(path)}`)
  return path
}

/** @throws OperatorError when there is no such generation */
export function placeOfImage(image: Image, generation: number | undefined): ImagePlace {
  const generations = openGenerations(image.rootimgdir)
  if (generation === undefined) return generations.place()
  const found = generations.list().find(({ number }) => number === generation)
  if (found) return found
  const have = generations.list().map(({ number }) => number)
  throw new OperatorError(
    'LB_BAD_INPUT',
    `image ${image.name} has no generation ${generation}: ${have.length === 0 ? 'it has none' : `it has ${have.join(' ')}`}`,
  )
}

type ImageMember = BundleMember & { readonly kind?: 'kernel' | 'ramdisk' | 'rootimg' }

function imageMembers(image: Image, { directory }: ImagePlace, notes: string[]): ImageMember[] {
  const names = existsSync(directory) ? readdirSync(directory) : []
  const initrd = image.provmethod === 'netboot' ? 'initrd-stateless.gz' : 'initrd-statelite.gz'
  const members: ImageMember[] = []
  for (const name of names.sort()) {
    const kind = name === 'kernel' ? 'kernel' : name === initrd ? 'ramdisk' : undefined
    const isWanted = /^(kernel|initrd-[a-z]+\.gz)(\.json)?$/.test(name)
    if (isWanted) members.push({ name, from: join(directory, name), ...(kind === undefined ? {} : { kind }) })
  }
  const packed =
    image.provmethod === 'netboot' ? names.find((name) => /^rootimg\.(cpio|tar|sfs|gz)/.test(name)) : undefined
  if (packed !== undefined) members.push({ name: packed, from: join(directory, packed), kind: 'rootimg' })
  for (const kind of ['kernel', 'ramdisk'] as const)
    if (!members.some((member) => member.kind === kind))
      notes.push(`${directory} has no ${kind === 'kernel' ? kind : initrd}: it is not in the bundle`)
  return members
}

function listMembers(image: Image, notes: string[]): BundleMember[] {
  const members = new Map<string, BundleMember>()
  for (const { column, form } of FILE_ATTRIBUTES) {
    for (const path of pathsOf(image.attribute(column) ?? '', form)) {
      const name = basename(path)
      const same = members.get(name)
      if (same !== undefined && same.from === path) continue
      if (same !== undefined)
        throw new OperatorError(
          'LB_BAD_INPUT',
          `${path} and ${same.from} have the same name, and a bundle has one place for it: rename one`,
        )
      if (!statSync(path, { throwIfNoEntry: false })?.isFile()) {
        notes.push(`${column}: ${path} is not there: it is not in the bundle`)
        continue
      }
      members.set(name, { name, from: path })
      for (const [, included] of readFileSync(path, 'latin1').matchAll(/^\s*#INCLUDE:(.*)#\s*$/gm))
        notes.push(`${path} includes ${included}, which is not in the bundle: add it with -e`)
    }
  }
  return [...members.values()]
}

/** Rows as they stand: of every strength, groups or not (xCAT loses the rows for ALL of an image that has groups). */
function tableMembers(store: TablesView, image: Image): BundleMember[] {
  const litefile = rowsForImage(store, 'litefile', image)
  const quoted = (value: string) => `"${value.replaceAll('"', '""')}"`
  // xCAT's own form of this one: no header.
  const text = litefile
    .map(
      (row) =>
        `${quoted(cell(row, 'image'))},${quoted(cell(row, 'file'))},${quoted(cell(row, 'options') || 'tmpfs')},,\n`,
    )
    .join('')
  const csv = (table: string, rows: readonly Row[]): BundleMember[] => {
    const schema = tableSchema(table)
    return schema && rows.length > 0 ? [{ name: `${table}.csv`, from: { text: renderCsv(schema, rows) } }] : []
  }
  return [
    { name: 'litefile.csv', from: { text } },
    ...csv('litetree', rowsForImage(store, 'litetree', image)),
    ...csv('statelite', enabledRows(store, 'statelite')),
  ]
}

function parseExtra(word: string): BundleMember & { readonly extra: BundleExtra } {
  const [from = '', dest] = word.split(':')
  if (!from.startsWith('/') || (dest !== undefined && !dest.startsWith('/')))
    throw new OperatorError('LB_USAGE', `-e ${word}: give absolute paths, FILE or FILE:DIRECTORY.`)
  if (!existsSync(from)) throw new OperatorError('LB_FILE', `-e ${word}: there is no ${from}`)
  const name = `extra/${basename(from)}`
  return { name, from, extra: { src: basename(from), dest: dest ?? dirname(from) } }
}

/** xcatdefaults first, then the node's own. */
async function scriptsOf(
  context: MethodContext,
  noderange: string,
): Promise<{ postscripts?: string; postbootscripts?: string }> {
  const { node } = await oneNode(context, noderange, '-p takes')
  const defaults = enabledRows(context.store, 'postscripts').find((row) => cell(row, 'node') === 'xcatdefaults')
  const of = (column: string) =>
    [defaults ? cell(defaults, column) : '', node.attribute('postscripts', column) ?? '']
      .filter((text) => text !== '')
      .join(',')
  return { postscripts: of('postscripts'), postbootscripts: of('postbootscripts') }
}
