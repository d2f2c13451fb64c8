/** A bundle written: gathered in a directory beside it, packed, and given its name when it is whole. */
import { mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { kindOf, removeWhole, runProgram } from '../generations/disk.ts'
import { errnoOf, ImageError } from '../image-error.ts'
import { throwIfInterrupted } from '../interruption.ts'
import { putInPlace } from '../pack/output-file.ts'
import { type BundleManifest, MANIFEST_NAME, renderManifest, TREE_NAME } from './manifest.ts'
import { packTree } from './tree.ts'

export interface BundleMember {
  /** In the bundle: one name, or `extra/<name>`. */
  readonly name: string
  /** A file of the server (below `extra/` also a directory), or the content itself. */
  readonly from: string | { readonly text: string }
}

export interface BundleRequest {
  /** The image: the one directory of the archive. */
  readonly name: string
  readonly output: string
  readonly manifest: BundleManifest
  readonly members: readonly BundleMember[]
  /** Packed as rootimgtree.gz. */
  readonly rootimg?: string
  readonly onProgress?: (line: string) => void
}

/** @throws ImageError image-bundle, image-tool */
export async function writeBundle(request: BundleRequest): Promise<{ readonly sizeBytes: number }> {
  const { name, output, manifest, members, rootimg } = request
  const say = request.onProgress ?? (() => undefined)
  await sweepWork(output)
  const work = await mkdtemp(`${workPrefix(output)}${process.pid}-`)
  working.add(work)
  const inside = join(work, 'bundle', name)
  const part = join(work, 'part')
  try {
    await mkdir(join(inside, 'extra'), { recursive: true, mode: 0o700 })
    const taken = new Set([MANIFEST_NAME, TREE_NAME])
    for (const member of members) {
      if (taken.has(member.name))
        throw new ImageError('image-bundle', `two files of the image are called ${member.name}: rename one`)
      taken.add(member.name)
      await addMember(member, join(inside, member.name))
    }
    await writeFile(join(inside, MANIFEST_NAME), renderManifest(manifest))
    if (rootimg !== undefined) {
      say(`Packing ${rootimg} ...`)
      await packTree(rootimg, join(inside, TREE_NAME))
    }
    say(`Writing ${output} ...`)
    // What is large in it is compressed already.
    await runProgram(
      ['tar', '-c', '-I', 'gzip -1', '--owner=0', '--group=0', '-f', part, '-C', dirname(inside), '--', name],
      undefined,
    )
    throwIfInterrupted()
    await putInPlace(part, output)
    return { sizeBytes: Number((await runProgram(['stat', '-c', '%s', '--', output], undefined)).trim()) }
  } finally {
    await removeWhole(work, undefined)
    working.delete(work)
  }
}

/** Of this process. */
const working = new Set<string>()

function workPrefix(output: string): string {
  return join(dirname(output), `.${basename(output)}.liteboot-`)
}

/**
 * What a killed export of the same output left. Programs that it had started may go on for a moment: they write where
 * nobody looks any more, because no two exports work under one name.
 */
async function sweepWork(output: string): Promise<void> {
  const prefix = workPrefix(output)
  for (const name of await readdir(dirname(output))) {
    const path = join(dirname(output), name)
    const pid = path.startsWith(prefix) ? /^(\d+)-[^-]+$/.exec(path.slice(prefix.length))?.[1] : undefined
    if (pid === undefined || working.has(path)) continue
    if (Number(pid) === process.pid || !isAlive(Number(pid))) await removeWhole(path, undefined)
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return errnoOf(error) === 'EPERM'
  }
}

async function addMember({ from }: BundleMember, to: string): Promise<void> {
  if (typeof from !== 'string') {
    await writeFile(to, from.text)
    return
  }
  if ((await kindOf(from)) === undefined) throw new ImageError('image-bundle', `${from} is not there`)
  // Links are followed: a bundle holds none. Blocks are shared where the file system can.
  await runProgram(['cp', '-rL', '--preserve=mode,timestamps', '--reflink=auto', '-T', '--', from, to], undefined)
}
