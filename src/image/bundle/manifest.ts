/**
 * Image bundles: an image with its definition in one file, as xCAT's imgexport writes and its imgimport reads them. A
 * gzip-compressed tar archive of one directory with `manifest.xml` and the files, flat.
 *
 * This folder works on files and directories it is given; which rows and lists belong to an image is the caller's business.
 * This file: the manifest.
 */
import { leaf, parent, parseXml, renderXml, type XmlElement } from './xml.ts'

export const MANIFEST_NAME = 'manifest.xml'
export const TREE_NAME = 'rootimgtree.gz'

/** Files that the manifest names by a path of the machine they came from; in the bundle they have their last name only. */
const FILE_KINDS = ['kernel', 'ramdisk', 'rootimg', 'rootimgtree', 'litefile'] as const
export type BundleFileKind = (typeof FILE_KINDS)[number]

export interface BundleExtra {
  /** In the bundle: below `extra/`. */
  readonly src: string
  /** The directory it goes to. */
  readonly dest: string
}

export interface BundleManifest {
  readonly osimage: Readonly<Record<string, string>>
  readonly linuximage: Readonly<Record<string, string>>
  /** Of either table: manifests of old xCAT do not say which. */
  readonly columns: Readonly<Record<string, string>>
  readonly files: Readonly<Partial<Record<BundleFileKind, string>>>
  readonly extra: readonly BundleExtra[]
  /** Scripts of the node given with -p. */
  readonly postscripts: string | undefined
  readonly postbootscripts: string | undefined
  /** The installation media must be there. */
  readonly needsMedia: boolean
  /** site.installdir of the machine it was made on: ours; xCAT passes over it. */
  readonly installdir: string | undefined
}

export function renderManifest(manifest: BundleManifest): string {
  const record = (name: string, values: Readonly<Record<string, string>>) =>
    parent(
      name,
      Object.entries(values).map(([key, value]) => leaf(key, value)),
    )
  const optional = (name: string, value: string | undefined) => (value === undefined ? [] : [leaf(name, value)])
  return renderXml(
    parent('xcatimage', [
      record('osimage', manifest.osimage),
      record('linuximage', manifest.linuximage),
      ...FILE_KINDS.flatMap((kind) => optional(kind, manifest.files[kind])),
      ...manifest.extra.map(({ src, dest }) => parent('extra', [leaf('src', src), leaf('dest', dest)])),
      ...optional('postscripts', manifest.postscripts),
      ...optional('postbootscripts', manifest.postbootscripts),
      ...(manifest.needsMedia ? [leaf('media', 'required')] : []),
      ...optional('installdir', manifest.installdir),
    ]),
  )
}

export function parseManifest(text: string): BundleManifest | { readonly fault: string } {
  const root = parseXml(text)
  if ('fault' in root) return { fault: `${root.fault} (at character ${root.offset})` }
  if (root.name !== 'xcatimage') return { fault: `it describes <${root.name}>, not <xcatimage>` }
  const plain = root.children.filter(({ children }) => children.length === 0)
  const said = (name: string) => plain.find((child) => child.name === name && child.text !== '')?.text
  const special = new Set<string>([...FILE_KINDS, 'postscripts', 'postbootscripts', 'media', 'installdir', 'extra'])
  const files: Partial<Record<BundleFileKind, string>> = {}
  for (const kind of FILE_KINDS) {
    const path = said(kind)
    if (path !== undefined) files[kind] = path
  }
  return {
    osimage: recordOf(root.children.find(({ name }) => name === 'osimage')?.children ?? []),
    linuximage: recordOf(root.children.find(({ name }) => name === 'linuximage')?.children ?? []),
    columns: recordOf(plain.filter(({ name }) => !special.has(name) && name !== 'osimage' && name !== 'linuximage')),
    files,
    extra: root.children.flatMap((child) => (child.name === 'extra' ? extraOf(child) : [])),
    postscripts: said('postscripts'),
    postbootscripts: said('postbootscripts'),
    needsMedia: said('media') === 'required',
    installdir: said('installdir'),
  }
}

function recordOf(elements: readonly XmlElement[]): Record<string, string> {
  const record: Record<string, string> = Object.create(null)
  for (const { name, text, children } of elements) if (children.length === 0 && text !== '') record[name] = text
  return record
}

function extraOf({ children }: XmlElement): BundleExtra[] {
  const of = (name: string) => children.find((child) => child.name === name)?.text ?? ''
  return of('src') === '' ? [] : [{ src: of('src'), dest: of('dest') }]
}
