/** An initrd of ours read back: for tests, and for people who want to know what is in it. */
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gunzip, zstdDecompress } from 'node:zlib'
import { ImageError } from '../image-error.ts'
import { type CpioEntry, parseCpio } from './cpio.ts'

export async function readInitrd(path: string): Promise<CpioEntry[]> {
  const packed = await readFile(path)
  const parsed = parseCpio(await unpack(packed, path))
  if (Array.isArray(parsed)) return parsed
  throw new ImageError('image-initrd', `${path} is not a whole newc archive (${parsed.fault} at byte ${parsed.offset})`)
}

/** RFC 1952 §2.3.1 and RFC 8878 §3.1.1: the magic numbers. */
async function unpack(bytes: Buffer, path: string): Promise<Buffer> {
  try {
    if (bytes.length >= 2 && bytes.readUInt16BE(0) === 0x1f8b) return await promisify(gunzip)(bytes)
    if (bytes.length >= 4 && bytes.readUInt32LE(0) === 0xfd2fb528) return await promisify(zstdDecompress)(bytes)
  } catch (error) {
    throw new ImageError('image-initrd', `${path} cannot be decompressed: ${String(error)}`)
  }
  return bytes
}

const KIND_LETTERS = { file: '-', dir: 'd', symlink: 'l', char: 'c' } as const

/** One line for each entry, as `ls -l` would have it. */
export function renderInitrdListing(entries: readonly CpioEntry[]): string[] {
  return entries.map((entry) => {
    const what = entry.kind === 'char' ? entry.device?.join(',') : String(entry.data?.length ?? 0)
    const target = entry.kind === 'symlink' ? ` -> ${entry.data?.toString() ?? ''}` : ''
    return `${KIND_LETTERS[entry.kind]}${entry.mode.toString(8).padStart(4, '0')} ${String(what).padStart(9)} ${entry.name}${target}`
  })
}
