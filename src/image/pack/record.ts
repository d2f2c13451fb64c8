/**
 * `rootimg-statelite.json`, `rootimg.json`: what is known of a packed root beside it. Read for every plan, so the file is
 * looked at, not read again; a packed root that is not the recorded one is nobody's root.
 */
import { readFileSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Compression, Compressor } from './compressors.ts'

export const PACK_METHODS = ['cpio', 'tar', 'squashfs'] as const
export type PackMethod = (typeof PACK_METHODS)[number]

/** What a node has to do with the bytes. */
export type PackFormat = `cpio.${Compression}` | `tar.${Compression}` | 'squashfs'

export interface PackRecord {
  /** Name of the packed root, beside the record. */
  readonly file: string
  readonly format: PackFormat
  readonly method: PackMethod
  readonly compressor: Compressor
  readonly sizeBytes: number
  readonly sha256: string
  /** Of the file: one that was put in its place by hand has another. */
  readonly mtimeSeconds: number
  /** Memory that the unpacked root takes in a tmpfs. */
  readonly unpackedBytes: number
  /** Of the nodes, in which that is counted; absent: made before it was noted, 4 KiB. */
  readonly pageBytes?: number
  readonly paths: number
  /** Digest of the entries it was prepared for; absent: not for statelite. */
  readonly revision?: string
}

export const STATELITE_RECORD = 'rootimg-statelite.json'
export const NETBOOT_RECORD = 'rootimg.json'

/** All names that a packed root may have; a new one takes the place of every other. */
export const STATELITE_FILES = [
  // xCAT's name, whatever made the gzip.
  'rootimg-statelite.gz',
  'rootimg-statelite.xz',
  'rootimg-statelite.zst',
  'rootimg-statelite.sfs',
] as const

export function statelitePackName(format: PackFormat): string {
  return `rootimg-statelite.${format === 'squashfs' ? 'sfs' : format.replace(/^.*\./, '')}`
}

export function netbootPackName(format: PackFormat): string {
  return format === 'squashfs' ? 'rootimg.sfs' : `rootimg.${format}`
}

export const NETBOOT_FILES = [
  ...['rootimg.cpio.gz', 'rootimg.cpio.xz', 'rootimg.cpio.zst', 'rootimg.tar.gz', 'rootimg.tar.xz', 'rootimg.tar.zst'],
  ...['rootimg.sfs', 'rootimg.gz'],
] as const

/** What a node needs before it fetches: a squashfs stays packed, and what is written over it comes on top. */
export function memoryBytes({
  format,
  sizeBytes,
  unpackedBytes,
}: Pick<PackRecord, 'format' | 'sizeBytes' | 'unpackedBytes'>): number {
  return format === 'squashfs' ? sizeBytes : unpackedBytes
}

export type FoundPack = { readonly record: PackRecord; readonly path: string } | { readonly fault: string }

/** undefined: there is no record, or it is none of ours. */
export function readPackRecord(path: string): PackRecord | undefined {
  let raw: unknown
  try {
    raw = JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
  // Boundary: what a node is told must have the right form, whoever wrote the file.
  const record = raw as Partial<PackRecord> | null
  const isRight =
    typeof record?.file === 'string' &&
    !record.file.includes('/') &&
    /^((cpio|tar)\.(gz|xz|zst)|squashfs)$/.test(String(record.format)) &&
    /^[0-9a-f]{64}$/.test(String(record.sha256)) &&
    [record.sizeBytes, record.unpackedBytes, record.mtimeSeconds].every(Number.isSafeInteger)
  return isRight ? (record as PackRecord) : undefined
}

/** Opens a reader that reads a record again only after it changed. */
export function openPackRecords(): (recordPath: string) => FoundPack {
  const known = new Map<string, { readonly stamp: string; readonly record: PackRecord | undefined }>()
  return (recordPath) => {
    const stat = statSync(recordPath, { throwIfNoEntry: false })
    if (!stat) return { fault: `there is no packed root (${recordPath})` }
    const stamp = `${stat.size} ${stat.mtimeMs} ${stat.ino}`
    let entry = known.get(recordPath)
    if (entry?.stamp !== stamp) {
      entry = { stamp, record: readPackRecord(recordPath) }
      known.set(recordPath, entry)
    }
    const { record } = entry
    if (record === undefined) return { fault: `${recordPath} is not a record of a packed root` }
    const path = join(dirname(recordPath), basename(record.file))
    const file = statSync(path, { throwIfNoEntry: false })
    if (!file?.isFile()) return { fault: `the packed root ${path} does not exist` }
    if (file.size !== record.sizeBytes || Math.floor(file.mtimeMs / 1000) !== record.mtimeSeconds)
      return { fault: `${path} is not the file that was packed` }
    return { record, path }
  }
}
