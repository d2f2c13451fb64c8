/**
 * The kernel once more, compressed: POWER kernels are bare ELF programs of some 45 MB, and GRUB gets half a megabyte a second
 * through Open Firmware. GRUB unpacks gzip itself; petitboot and the others take `kernel` as it is.
 */
import { createHash } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { writeFileAtomic } from '../liteimg/manifest.ts'
import { architectureOfElf } from './architecture.ts'

export const KERNEL_GZ = 'kernel.gz'
/** Which kernel `kernel.gz` was made of: somebody may put another `kernel` beside it by hand. */
const RECORD = 'kernel.gz.json'
/** What is compressed already does not become much smaller; the files are then better off as one. */
const WORTH = 0.8

interface GzRecord {
  /** Of `kernel`. */
  readonly kernel: string
  /** Of `kernel.gz`; empty: not worth it. */
  readonly sha256: string
}

/** Makes, keeps or removes `kernel.gz` beside the kernel just written. @param sha256 of `kernel` */
export async function compressKernel(directory: string, kernel: Buffer, sha256: string): Promise<void> {
  const path = join(directory, KERNEL_GZ)
  const record = join(directory, RECORD)
  if (!(architectureOfElf(kernel) ?? '').startsWith('ppc64')) {
    await rm(path, { force: true })
    await rm(record, { force: true })
    return
  }
  const known = readRecord(record)
  if (known?.kernel === sha256 && (known.sha256 === '' || known.sha256 === (await digestOf(path)))) return
  const packed = await promisify(gzip)(kernel, { level: 9 })
  const isWorthIt = packed.length < kernel.length * WORTH
  const made: GzRecord = { kernel: sha256, sha256: isWorthIt ? hash(packed) : '' }
  // The record last: without it the file does not count.
  rmSync(record, { force: true })
  if (isWorthIt) await writeFileAtomic(path, packed, 0o644)
  else rmSync(path, { force: true })
  await writeFileAtomic(record, `${JSON.stringify(made)}\n`, 0o644)
}

/** Whether `kernel.gz` in this directory is of the kernel whose digest begins so. */
export function isGzOf(directory: string, digest: string): boolean {
  const record = readRecord(join(directory, RECORD))
  return record !== undefined && record.sha256 !== '' && record.kernel.startsWith(digest)
}

function readRecord(path: string): GzRecord | undefined {
  try {
    // Boundary: written above; a foreign file only fails the comparison of digests.
    const record = JSON.parse(readFileSync(path, 'utf8')) as GzRecord
    return typeof record.kernel === 'string' && typeof record.sha256 === 'string' ? record : undefined
  } catch {
    return undefined
  }
}

async function digestOf(path: string): Promise<string | undefined> {
  try {
    return hash(await readFile(path))
  } catch {
    return undefined
  }
}

function hash(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
