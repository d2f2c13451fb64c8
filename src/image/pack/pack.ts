/** Packs a tree into one file beside it, with a record of what was made. */
import { spawn } from 'node:child_process'
import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { endWhenInterrupted } from '../interruption.ts'
import { writeFileAtomic } from '../liteimg/manifest.ts'
import { filesWithCapabilities } from './capabilities.ts'
import { type Compressor, compressionOf, compressorWords } from './compressors.ts'
import { newcPieces } from './newc.ts'
import { endOf, packThrough, putInPlace, temporaryName, type WrittenFile } from './output-file.ts'
import {
  NETBOOT_FILES,
  NETBOOT_RECORD,
  netbootPackName,
  type PackFormat,
  type PackMethod,
  type PackRecord,
  STATELITE_FILES,
  STATELITE_RECORD,
  statelitePackName,
} from './record.ts'
import { type Selection, type SelectionRequest, selectTree } from './selection.ts'
import { packSquashfs } from './squashfs.ts'
import { tarNames, tarWords } from './tar.ts'

export interface PackRequest {
  readonly tree: SelectionRequest
  /** Gets the packed root and its record. */
  readonly directory: string
  readonly purpose: 'statelite' | 'netboot'
  readonly method: PackMethod
  readonly compressor: Compressor
  readonly revision?: string
  readonly lockFd?: number
  readonly onProgress?: (line: string) => void
}

export interface PackReport {
  readonly path: string
  readonly record: PackRecord
  readonly warnings: readonly string[]
}

export function packFormat(method: PackMethod, compressor: Compressor): PackFormat {
  return method === 'squashfs' ? method : `${method}.${compressionOf(compressor)}`
}

/** @throws ImageError image-pack, image-tool */
export async function packTree(request: PackRequest): Promise<PackReport> {
  const { directory, method, compressor, purpose } = request
  const format = packFormat(method, compressor)
  const isStatelite = purpose === 'statelite'
  const name = isStatelite ? statelitePackName(format) : netbootPackName(format)
  const output = join(directory, name)
  const temporary = temporaryName(output)
  const selection = selectTree(request.tree)
  const warnings = [...(await describeLosses(selection, method)), ...selection.idlePatterns]
  try {
    const written = await write(selection, request, temporary)
    const { mtimeSeconds } = await putInPlace(temporary, output)
    const record: PackRecord = {
      file: name,
      format,
      method,
      compressor,
      ...written,
      mtimeSeconds,
      unpackedBytes: selection.tmpfsBytes,
      pageBytes: selection.pageBytes,
      paths: selection.paths.length,
      ...(request.revision === undefined ? {} : { revision: request.revision }),
    }
    const recordName = isStatelite ? STATELITE_RECORD : NETBOOT_RECORD
    await writeFileAtomic(join(directory, recordName), `${JSON.stringify(record, undefined, 1)}\n`, 0o644)
    // One root, one form: what an earlier packing left under another name must not be taken for this one.
    for (const other of isStatelite ? STATELITE_FILES : NETBOOT_FILES)
      if (other !== name) await unlink(join(directory, other)).catch(() => undefined)
    return { path: output, record, warnings }
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    throw error
  }
}

/** Takes away the packed roots for statelite nodes: the tree beside them has changed. */
export async function removeStalePacks(directory: string): Promise<void> {
  for (const name of [STATELITE_RECORD, ...STATELITE_FILES]) await unlink(join(directory, name)).catch(() => undefined)
}

async function describeLosses(selection: Selection, method: PackMethod): Promise<string[]> {
  const mounts = selection.mountPoints.map((path) => `${path.slice(1)} is a mount point: it is packed empty`)
  if (method !== 'cpio') return mounts
  const found = await filesWithCapabilities(selection.root)
  if (found === undefined)
    return [...mounts, 'whether files have capabilities (which cpio drops) is not known: apt-get install libcap2-bin']
  const chosen = new Set(selection.paths)
  const lost = found.filter((path) => chosen.has(`.${path}`))
  if (lost.length === 0) return mounts
  const shown = lost.slice(0, 5).join(' ') + (lost.length > 5 ? ` and ${lost.length - 5} more` : '')
  return [
    ...mounts,
    `cpio drops the capabilities of ${shown}: give them again in a postscript, or pack with -m squashfs`,
  ]
}

async function write(selection: Selection, request: PackRequest, temporary: string): Promise<WrittenFile> {
  const { method, compressor, lockFd } = request
  if (method === 'squashfs') return await packSquashfs(selection, compressor, temporary, lockFd)
  const words = compressorWords(compressor)
  if (method === 'cpio') {
    const onPath = progressOf(selection, request.onProgress)
    return await packThrough(words, () => newcPieces(selection.root, selection.paths, onPath), temporary)
  }
  let tarEnded: Promise<unknown> | undefined
  const written = await packThrough(
    words,
    () => {
      const [tar = '', ...args] = tarWords(selection.root)
      const child = spawn(tar, args, { stdio: ['pipe', 'pipe', 'pipe'] })
      endWhenInterrupted(child)
      const ended = endOf(child, tar)
      // tar's own words are the cause; the pipe that it leaves broken is not.
      tarEnded = Promise.all([ended, pipeline(tarNames(selection), child.stdin).catch(() => ended)])
      tarEnded.catch(() => undefined)
      return child.stdout
    },
    temporary,
  )
  await tarEnded
  return written
}

function progressOf({ paths }: Selection, say: ((line: string) => void) | undefined): (index: number) => void {
  let said = 0
  return (index) => {
    const percent = Math.floor((index * 100) / paths.length)
    if (percent < said + 10) return
    said = percent - (percent % 10)
    say?.(`packed ${said} % of ${paths.length} files`)
  }
}
