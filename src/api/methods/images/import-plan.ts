/**
 * Where an image of a bundle goes on this machine: its name, its directory, its lists. Every path of the manifest is mapped
 * below installdir; what cannot be is refused.
 */
import { basename, join, normalize } from 'node:path'
import type { BundleManifest } from '../../../image/bundle/manifest.ts'
import type { OpenedBundle } from '../../../image/bundle/open.ts'
import { occupied } from '../../../image/bundle/place.ts'
import { columnNames, tableSchema } from '../../../tables/schema.ts'
import { OBJECT_NAME } from '../../../tables/values.ts'
import { OperatorError } from '../../errors.ts'
import { FILE_ATTRIBUTES, mapPaths } from './image-files.ts'

export interface ImportRequest {
  readonly profile?: string | undefined
  readonly name?: string | undefined
  /** Of this machine. */
  readonly installdir: string
}

export interface ImportPlan {
  readonly name: string
  readonly rootimgdir: string
  readonly osimage: Readonly<Record<string, string>>
  readonly linuximage: Readonly<Record<string, string>>
  /** Files to be put: from the opened bundle to a place that is free. */
  readonly files: readonly { readonly from: string; readonly to: string }[]
  readonly notes: readonly string[]
}

/** @throws OperatorError LB_BAD_INPUT, LB_FILE naming every file that is in the way */
export async function planImport(bundle: OpenedBundle, request: ImportRequest): Promise<ImportPlan> {
  const { manifest } = bundle
  const notes: string[] = []
  const osimage = { ...knownColumns(manifest, 'osimage', notes) }
  const linuximage = { ...knownColumns(manifest, 'linuximage', notes) }
  if (request.profile !== undefined) osimage.profile = request.profile
  const { osvers, osarch, profile, provmethod } = osimage
  const missing = Object.entries({ osvers, osarch, profile, provmethod }).filter(([, value]) => value === undefined)
  if (missing.length > 0)
    throw new OperatorError('LB_BAD_INPUT', `the bundle says no ${missing.map(([column]) => column).join(', ')}`)
  const name =
    request.name ??
    (request.profile === undefined
      ? (manifest.osimage.imagename ?? manifest.columns.imagename ?? '')
      : `${osvers}-${osarch}-${provmethod}-${profile}`)
  for (const [what, word] of Object.entries({ 'image name': name, osvers, osarch, profile }))
    if (word === undefined || !OBJECT_NAME.test(word) || /^\.+$/.test(word))
      throw new OperatorError('LB_BAD_INPUT', `the ${what} ${JSON.stringify(word)} is no name`)
  const map = mapper(manifest.installdir ?? '/install', request.installdir, name)
  const places = join(request.installdir, 'netboot', osvers ?? '', osarch ?? '')
  const isRenamed = request.name !== undefined || request.profile !== undefined
  const rootimgdir = isRenamed
    ? join(places, request.name ?? profile ?? '')
    : (map.directory(linuximage.rootimgdir) ?? join(places, profile ?? ''))
  linuximage.rootimgdir = rootimgdir
  for (const column of ['pkgdir', 'otherpkgdir'] as const) {
    const value = linuximage[column]
    if (value !== undefined) linuximage[column] = mapPaths(value, 'plain', (path) => map.directory(path) ?? path)
  }
  const files = [...(await placeLists(bundle, { osimage, linuximage }, map, notes)), ...extraFiles(bundle, map)]
  const taken: string[] = []
  const free: { from: string; to: string }[] = []
  for (const file of files) {
    const state = await occupied(file.to, file.from)
    if (state === 'other') taken.push(file.to)
    if (state === 'free') free.push(file)
  }
  if (taken.length > 0)
    throw new OperatorError(
      'LB_FILE',
      `other files are where those of the bundle belong: ${taken.join(' ')}`,
      'Nothing was changed. Move them away, or import under another name with --name.',
    )
  return { name, rootimgdir, osimage, linuximage, files: free, notes }
}

/** Columns that this table has. Old manifests do not say of which table a column is; the tables share only the key. */
function knownColumns(
  manifest: BundleManifest,
  table: 'osimage' | 'linuximage',
  notes: string[],
): Record<string, string> {
  const known = new Set(columnsOf(table))
  const flat = Object.entries(manifest.columns).filter(([column]) => known.has(column))
  const said = Object.entries(manifest[table])
  for (const [column] of said) if (!known.has(column)) notes.push(`${table}.${column} is not known here and left out`)
  const own = [...flat, ...said].filter(([column]) => column !== 'imagename' && column !== 'disable')
  return Object.fromEntries(own.filter(([column]) => known.has(column)))
}

function columnsOf(table: string): string[] {
  const schema = tableSchema(table)
  return schema ? columnNames(schema) : []
}

interface Mapper {
  /** undefined: not below the other machine's installdir. */
  directory(path: string | undefined): string | undefined
  /** A file that came along: the same place below installdir, else a place of the image's own. */
  file(path: string): string
  own(path: string): string
}

function mapper(from: string, to: string, name: string): Mapper {
  const base = `${normalize(from).replace(/\/+$/, '')}/`
  const directory = (path: string | undefined): string | undefined => {
    if (path === undefined) return undefined
    if (path.split('/').includes('..') || path.includes('\0'))
      throw new OperatorError('LB_BAD_INPUT', `the bundle has a path with "..": ${path}`)
    const plain = normalize(path).replace(/\/+$/, '')
    return plain.startsWith(base) && base !== '/' ? join(to, plain.slice(base.length)) : undefined
  }
  const own = (path: string) => join(to, 'custom/imported', name, basename(path))
  return { directory, own, file: (path) => directory(path) ?? own(path) }
}

/** Sets the attributes to where the lists will be. */
async function placeLists(
  bundle: OpenedBundle,
  rows: { readonly osimage: Record<string, string>; readonly linuximage: Record<string, string> },
  map: Mapper,
  notes: string[],
): Promise<{ from: string; to: string }[]> {
  const files: { from: string; to: string }[] = []
  for (const { table, column, form } of FILE_ATTRIBUTES) {
    const value = rows[table][column]
    if (value === undefined) continue
    const places = new Map<string, string>()
    const paths: string[] = []
    mapPaths(value, form, (path) => {
      paths.push(path)
      return path
    })
    for (const path of paths) places.set(path, await placeOfList(bundle, path, map, files, `${table}.${column}`, notes))
    rows[table][column] = mapPaths(value, form, (path) => places.get(path) ?? path)
  }
  return files
}

async function placeOfList(
  bundle: OpenedBundle,
  path: string,
  map: Mapper,
  files: { from: string; to: string }[],
  what: string,
  notes: string[],
): Promise<string> {
  const mapped = map.file(path)
  const name = basename(mapped)
  if (!bundle.members.includes(name)) {
    notes.push(`${what}: ${name} is not in the bundle; ${mapped} has to be brought by hand`)
    return mapped
  }
  const from = join(bundle.directory, name)
  const isTaken = (await occupied(mapped, from)) === 'other'
  const to = isTaken ? map.own(path) : mapped
  if (isTaken) notes.push(`${mapped} is another file: the bundle's becomes ${to}`)
  files.push({ from, to })
  return to
}

function extraFiles(bundle: OpenedBundle, map: Mapper): { from: string; to: string }[] {
  return bundle.manifest.extra.flatMap(({ src, dest }) => {
    const name = basename(src)
    const directory = map.directory(dest)
    const target = directory === undefined ? map.own(name) : join(directory, name)
    return bundle.members
      .filter((member) => member === `extra/${name}` || member.startsWith(`extra/${name}/`))
      .map((member) => ({
        from: join(bundle.directory, member),
        to: `${target}${member.slice(`extra/${name}`.length)}`,
      }))
  })
}
