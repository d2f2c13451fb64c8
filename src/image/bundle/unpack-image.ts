/** The image in an opened bundle becomes a generation: all of it, or nothing that anybody sees. */
import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from '../generations/disk.ts'
import { type Generation, openGenerations } from '../generations/generations.ts'
import { preparedFacts } from '../generations/prepared.ts'
import { walkReal } from '../liteimg/confined.ts'
import { TREE_NAME } from './manifest.ts'
import type { OpenedBundle } from './open.ts'
import { unpackTree } from './tree.ts'

/** Kernels, initrds and packed roots, with what is recorded of them. */
const IMAGE_FILE = /^(kernel|initrd-[a-z]+\.gz|rootimg\.(cpio|tar)\.(gz|xz|zst)|rootimg\.sfs|rootimg\.gz)(\.json)?$/

/** @throws ImageError image-bundle, image-locked, image-tool */
export async function unpackImage(
  bundle: OpenedBundle,
  dest: string,
  reason: string,
  onProgress: (line: string) => void,
): Promise<Generation> {
  await mkdir(dest, { recursive: true, mode: 0o755 })
  const draft = await openGenerations(dest).begin({ from: 'empty', by: 'import', reason })
  try {
    if (bundle.members.includes(TREE_NAME)) {
      onProgress(`Unpacking ${dest}/rootimg ...`)
      await mkdir(draft.rootimg, { mode: 0o755 })
      await unpackTree(join(bundle.directory, TREE_NAME), draft.rootimg, draft.lockFd)
    }
    for (const name of bundle.members.filter((member) => IMAGE_FILE.test(member))) {
      const to = join(draft.directory, name)
      await runProgram(['cp', '--reflink=auto', '-T', '--', join(bundle.directory, name), to], draft.lockFd)
      await chmod(to, 0o644)
    }
    // A link of a strange tree must not have another file's text noted.
    const revision = await walkReal(draft.rootimg, '.statelite/revision')
    const isPlain = revision.kind === 'found' && revision.stat.isFile()
    return await draft.commit({ promote: true, facts: isPlain ? await preparedFacts(draft.rootimg) : {} })
  } catch (error) {
    await draft.abort()
    throw error
  }
}
