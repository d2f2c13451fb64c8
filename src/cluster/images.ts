/** osimage joined with linuximage. */
import { cell, enabledRows, indexRows, type Row, splitList, type TablesView } from '../tables/row.ts'
import { OBJECT_NAME } from '../tables/values.ts'
import type { Image, ImageName, LitefileRow, LitetreeRow, Site } from './model.ts'

export function compileImages(view: TablesView, site: Site, faults: string[]): ReadonlyMap<ImageName, Image> {
  const images = new Map<ImageName, Image>()
  const linux = indexRows(view.read('linuximage'), 'imagename')
  for (const row of enabledRows(view, 'osimage')) {
    const name = cell(row, 'imagename')
    const report = (fault: string) => faults.push(`osimage row imagename=${name}: ${fault}`)
    if (!OBJECT_NAME.test(name)) report('the name is not letters, digits, ".", "-" and "_"; the image is left out')
    else images.set(name as ImageName, compileImage(name as ImageName, row, linux.get(name)?.[0], site, report))
  }
  return images
}

/** Its nodes have a packed root, made by packimage, and nothing of the statelite tables. */
export function isStateless({ provmethod }: Pick<Image, 'provmethod'>): boolean {
  return provmethod === 'netboot'
}

function compileImage(
  name: ImageName,
  os: Row,
  linux: Row | undefined,
  site: Site,
  report: (fault: string) => void,
): Image {
  const attribute = (column: string): string | undefined =>
    cell(os, column) || (linux === undefined ? undefined : cell(linux, column) || undefined)
  return Object.freeze({
    name,
    groups: Object.freeze(splitList(cell(os, 'groups'))),
    provmethod: attribute('provmethod'),
    rootfstype:
      cell(os, 'rootfstype') === 'ramdisk' || isStateless({ provmethod: attribute('provmethod') }) ? 'ramdisk' : 'nfs',
    osvers: attribute('osvers'),
    osarch: attribute('osarch'),
    profile: attribute('profile'),
    rootimgdir: rootimgdir(name, attribute, site, report),
    attribute,
  })
}

function rootimgdir(
  name: string,
  attribute: (column: string) => string | undefined,
  site: Site,
  report: (fault: string) => void,
): string {
  const written = attribute('rootimgdir')
  if (written?.startsWith('/')) return written.replace(/\/{2,}/g, '/').replace(/\/$/, '') || '/'
  if (written !== undefined) report(`rootimgdir "${written}" is not an absolute path; the default is used`)
  const base = `${site.installdir}/netboot`
  const parts = ['osvers', 'osarch', 'profile'].map((column) => [column, attribute(column)] as const)
  const missing = parts.filter(([, value]) => value === undefined).map(([column]) => column)
  if (missing.length === 0) return `${base}/${parts.map(([, value]) => value).join('/')}`
  // Only images that nodes boot from the network have a root directory.
  if (/statelite|netboot/.test(attribute('provmethod') ?? ''))
    report(`rootimgdir is not set and cannot be made of osvers, osarch and profile: ${missing.join(', ')} not set`)
  return `${base}/${name}`
}

export function compileLitefile(view: TablesView): readonly LitefileRow[] {
  return Object.freeze(
    enabledRows(view, 'litefile').map((row) =>
      Object.freeze({ image: cell(row, 'image'), file: cell(row, 'file'), options: cell(row, 'options') }),
    ),
  )
}

export function compileLitetree(view: TablesView, faults: string[]): readonly LitetreeRow[] {
  const rows: LitetreeRow[] = []
  for (const row of enabledRows(view, 'litetree')) {
    const text = cell(row, 'priority').trim()
    const priority = Number(text)
    if (text === '' || !Number.isFinite(priority))
      faults.push(`litetree row priority=${text}: the priority is not a number; the row is left out`)
    else
      rows.push(
        Object.freeze({
          priority,
          image: cell(row, 'image'),
          directory: cell(row, 'directory'),
          mntopts: cell(row, 'mntopts'),
        }),
      )
  }
  return Object.freeze(rows)
}
