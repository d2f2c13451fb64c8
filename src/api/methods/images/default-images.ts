/** The definitions that copycds makes of a medium: one for each profile and way to run it, named as xCAT names them. */
import type { Transaction } from '../../../store/store.ts'
import { fillImage } from '../../../tables/image-fill.ts'
import { type FileSearch, findProfiles } from '../../../tables/list-files.ts'
import { splitOsvers } from '../../../tables/os-names.ts'
import { cell, splitList } from '../../../tables/row.ts'
import { tableSchema } from '../../../tables/schema.ts'
import { type Attributes, type MadeImages, mergeAttributes } from './made-images.ts'

export interface Distribution {
  readonly osvers: string
  readonly osarch: string
  /** The directory copied to; for SUSE the one that has the slots. */
  readonly pkgdir: string
}

/** Name → attributes. Empty: nobody has package lists or templates for it. */
export type DefaultImages = ReadonlyMap<string, Attributes>

export function defaultImages(distribution: Distribution, search: FileSearch): DefaultImages {
  const { osvers, osarch, pkgdir } = distribution
  const images = new Map<string, Attributes>()
  const add = (provmethod: string, profile: string) => {
    const given = { ...distribution, profile, provmethod, pkgdir }
    const filled = fillImage(new Map(Object.entries(given)), distribution, search)
    if ('fault' in filled) return
    const extra = profile === 'service' ? { postscripts: 'servicenode' } : {}
    images.set(`${osvers}-${osarch}-${provmethod}-${profile}`, { ...Object.fromEntries(filled.attributes), ...extra })
  }
  const diskless = findProfiles({ osvers, osarch, provmethod: 'netboot' }, 'pkglist', search)
  const installed = findProfiles({ osvers, osarch, provmethod: 'install' }, 'tmpl', search)
  // A known distribution can be installed from its medium, whether or not there is a template for liteboot to name.
  const isKnown = diskless.includes('compute')
  for (const profile of new Set([...installed, ...(isKnown ? ['compute'] : [])])) add('install', profile)
  for (const profile of diskless) {
    add('netboot', profile)
    add('statelite', profile)
  }
  return images
}

export interface WrittenImages {
  readonly created: readonly string[]
  readonly updated: readonly string[]
  /** Image → attributes left as they are. */
  readonly kept: Readonly<Record<string, readonly string[]>>
  /** For the record: all that is known to be copycds' own. */
  readonly made: MadeImages
}

/** Inside a transaction. What an administrator changed stays. */
export function writeImages(transaction: Transaction, images: DefaultImages, made: MadeImages): WrittenImages {
  const created: string[] = []
  const updated: string[] = []
  const kept: Record<string, readonly string[]> = {}
  const record = new Map(made)
  for (const [name, wanted] of images) {
    const now = readImage(transaction, name)
    if (now === undefined) {
      const isDiskless = wanted.provmethod !== 'install'
      writeImage(transaction, name, { ...wanted, ...(isDiskless ? { addkcmdline: 'quiet' } : {}) })
      record.set(name, wanted)
      created.push(name)
      continue
    }
    const merged = mergeAttributes(wanted, now, made.get(name) ?? {})
    if (Object.keys(merged.set).length > 0) {
      writeImage(transaction, name, merged.set)
      updated.push(name)
    }
    if (merged.kept.length > 0) kept[name] = merged.kept
    record.set(name, merged.made)
  }
  return { created, updated, kept, made: record }
}

const TABLES = ['osimage', 'linuximage'] as const

/** undefined: there is no such definition. */
function readImage(transaction: Transaction, name: string): Attributes | undefined {
  const rows = TABLES.flatMap((table) => transaction.read(table).filter((row) => cell(row, 'imagename') === name))
  if (rows.length === 0) return undefined
  return Object.fromEntries(rows.flatMap((row) => Object.entries(row).map(([column, value]) => [column, value ?? ''])))
}

function writeImage(transaction: Transaction, name: string, attributes: Attributes): void {
  const isGeneral = new Set(tableSchema('osimage')?.columns.map((column) => column.name))
  for (const table of TABLES) {
    const values = Object.entries(attributes).filter(
      ([attribute]) => isGeneral.has(attribute) === (table === 'osimage'),
    )
    if (values.length > 0) transaction.setRows(table, { imagename: name }, Object.fromEntries(values))
  }
}

/** The row of the distribution: every directory it was copied to. */
export function writeDistribution(transaction: Transaction, { osvers, osarch, pkgdir }: Distribution): void {
  const osdistroname = `${osvers}-${osarch}`
  const { basename, major, minor } = splitOsvers(osvers)
  const known = distributionDirectories(transaction, osvers, osarch)
  transaction.setRows(
    'osdistro',
    { osdistroname },
    {
      basename,
      majorversion: major,
      minorversion: minor,
      arch: osarch,
      type: 'Linux',
      dirpaths: [...new Set([...known, pkgdir])].join(','),
    },
  )
}

export function distributionDirectories(view: Pick<Transaction, 'read'>, osvers: string, osarch: string): string[] {
  const row = view.read('osdistro').find((each) => cell(each, 'osdistroname') === `${osvers}-${osarch}`)
  return row === undefined ? [] : splitList(cell(row, 'dirpaths'))
}
