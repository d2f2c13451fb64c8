/**
 * The program behind `image edit`: runs a command, or a shell, on an editable view of the current generation, and makes a
 * new generation of the result. A process of its own, at the terminal of who asked; killed, it leaves nothing behind.
 */
import { basename, join } from 'node:path'
import { ImageError } from '../image-error.ts'
import { removeWhole } from './disk.ts'
import { type Draft, openGenerations } from './generations.ts'
import { applyLayer, isEmptyLayer, type Layer, runHere, runInLayer } from './layer.ts'
import { generationsDirectory, NEW_PREFIX } from './layout.ts'
import { copyTree } from './share.ts'

export interface EditRequest {
  /** For the messages. */
  readonly image: string
  readonly rootimgdir: string
  /** Empty: a shell. */
  readonly command: readonly string[]
  readonly live: boolean
  readonly discard: boolean
  readonly promote: boolean
}

const LAYER = '.layer'

/** @returns exit status */
export async function editSession(request: EditRequest, say: (line: string) => void): Promise<number> {
  const isShell = request.command.length === 0
  const command = isShell ? [process.env.SHELL || '/bin/sh'] : request.command
  const what = isShell ? 'a shell' : command.join(' ')
  if (isShell) say(`${request.image}: this shell works in the root tree; exit keeps what was done, exit 1 forgets it`)
  return request.live ? await editLive(request, command, say) : await editCopy(request, command, what, say)
}

async function editCopy(
  request: EditRequest,
  command: readonly string[],
  what: string,
  say: (line: string) => void,
): Promise<number> {
  const { image, rootimgdir } = request
  const generations = openGenerations(rootimgdir)
  const draft = await generations.begin({ from: 'current', by: 'edit', reason: `edit: ${what}`, writer: 'layer' })
  try {
    const { status, layer } = await runOnCopy(draft, rootimgdir, command)
    if (status !== 0 || request.discard || (layer !== undefined && (await isEmptyLayer(layer)))) {
      await draft.abort()
      say(
        `${image}: ${status !== 0 ? `status ${status}: ` : ''}${request.discard ? 'discarded' : 'nothing was changed'}`,
      )
      return status
    }
    if (layer !== undefined) {
      await copyTree(basePath(draft, rootimgdir), draft.rootimg, 'replace', draft.lockFd)
      await applyLayer(layer, draft.rootimg)
      await removeWhole(layer.directory, draft.lockFd)
    }
    const made = await draft.commit({ promote: request.promote })
    say(`${image}: generation ${made.number} is ${made.isCurrent ? 'current' : 'made and not current'}`)
    return 0
  } catch (error) {
    await draft.abort()
    throw error
  }
}

function basePath(draft: Draft, rootimgdir: string): string {
  return join(generationsDirectory(rootimgdir), String(draft.base), 'rootimg')
}

async function runOnCopy(
  draft: Draft,
  rootimgdir: string,
  command: readonly string[],
): Promise<{ readonly status: number; readonly layer?: Layer }> {
  const top = generationsDirectory(rootimgdir)
  const layer = `${basename(draft.directory)}/${LAYER}`
  const run = await runInLayer({ top, tree: `${draft.base}/rootimg`, layer, command, lockFd: draft.lockFd })
  if (run !== undefined) return run
  // No overlayfs here: a copy of its own, which costs time and space and is right all the same.
  await removeWhole(join(top, layer), draft.lockFd)
  await copyTree(basePath(draft, rootimgdir), draft.rootimg, 'any', draft.lockFd)
  return { status: await runHere(command, draft.lockFd, draft.rootimg) }
}

/** The layer is put into the tree that nodes have mounted when the command has ended well. */
async function editLive(
  { image, rootimgdir, discard }: EditRequest,
  command: readonly string[],
  say: (line: string) => void,
): Promise<number> {
  const generations = openGenerations(rootimgdir)
  // Takes a DEST with plain files over, so that there is a generation to edit.
  await (await generations.begin({ from: 'empty', by: 'edit', reason: 'edit' })).abort()
  return await generations.locked(async (lockFd) => {
    const { number, rootimg } = generations.place()
    if (number === undefined) throw new ImageError('image-root', `${rootimgdir} has no image yet: build it first`)
    const top = generationsDirectory(rootimgdir)
    const work = `${NEW_PREFIX}live`
    const run = await runInLayer({ top, tree: `${number}/rootimg`, layer: `${work}/${LAYER}`, command, lockFd })
    try {
      if (run === undefined)
        throw new ImageError(
          'image-tool',
          'overlayfs cannot be mounted here, and without it older generations would change too: edit without --live',
        )
      const keep = run.status === 0 && !discard && !(await isEmptyLayer(run.layer))
      if (keep) await applyLayer(run.layer, rootimg)
      const status = run.status === 0 ? '' : `status ${run.status}: `
      say(
        `${image}: ${keep ? `generation ${number} was changed; nodes see it within 3 s` : `${status}nothing was changed`}`,
      )
      return run.status
    } finally {
      await removeWhole(join(top, work), lockFd)
    }
  })
}
