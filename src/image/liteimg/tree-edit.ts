/**
 * The only file of liteimg that changes an image. Every operation is one system call (or one `cp -a`), is announced
 * first, and works on a path whose every directory was seen to be a real one.
 *
 * Copies are made by GNU cp: hard links, holes, device nodes, extended attributes, ACLs, labels and nanosecond times in one
 * well-worn program, none of the last four being within Node's reach. No shell: names are arguments behind `--`.
 */
import { type StdioOptions, spawn } from 'node:child_process'
import { chmod, lchown, lstat, mkdir, open, readdir, rename, rmdir, symlink, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { errnoOf, ImageError } from '../image-error.ts'
import { endWhenInterrupted } from '../interruption.ts'
import { lstatOrMissing, walkReal } from './confined.ts'
import { parentOf } from './entry.ts'
import { writeFileAtomic } from './manifest.ts'
import { joinBytes } from './tree-mark.ts'

/** How much of a program's error output is kept for the message. */
const COMPLAINT_CHARACTERS = 2000

export interface TreeStep {
  readonly verb: 'mkdir' | 'create' | 'move' | 'link' | 'copy' | 'remove' | 'write' | 'chmod' | 'time'
  /** Relative to the image root. */
  readonly rel: string
  readonly to?: string
}

export class TreeEdit {
  readonly root: string
  readonly #onStep: (step: TreeStep) => void
  readonly #lockFd: number | undefined
  stepCount = 0

  constructor(root: string, onStep: (step: TreeStep) => void, lockFd: number | undefined) {
    this.root = root
    this.#onStep = onStep
    this.#lockFd = lockFd
  }

  path(rel: string): string {
    return rel === '' ? this.root : join(this.root, rel)
  }

  async #begin(step: TreeStep): Promise<void> {
    await this.#checkConfined(step.rel)
    if (step.to !== undefined && step.verb !== 'link') await this.#checkConfined(step.to)
    this.stepCount++
    this.#onStep(step)
  }

  /** The directory of `rel` must be reached without a symlink, whatever the plan believed. */
  async #checkConfined(rel: string): Promise<void> {
    const above = parentOf(rel)
    if (above === '') return
    const walked = await walkReal(this.root, above)
    if (walked.kind === 'found' && walked.stat.isDirectory()) return
    const at = walked.kind === 'blocked' ? walked.at : above
    throw new ImageError('image-path', `/${at} in the image is not a directory, so /${rel} is not touched`)
  }

  /** Makes the directory and all above it that are missing; answers those made, outermost first. */
  async makeDirs(rel: string, likeOf?: (rel: string) => Promise<string | undefined>): Promise<string[]> {
    const made: string[] = []
    const parts = rel.split('/').filter((part) => part !== '')
    for (const [index] of parts.entries()) {
      const here = parts.slice(0, index + 1).join('/')
      if ((await lstatOrMissing(this.path(here))) !== undefined) continue
      await this.#begin({ verb: 'mkdir', rel: here })
      await mkdir(this.path(here), 0o755)
      await chmod(this.path(here), 0o755)
      const model = await likeOf?.(here)
      if (model !== undefined) await this.#takeAttributes(model, here)
      made.push(here)
    }
    return made
  }

  async #takeAttributes(model: string, rel: string): Promise<void> {
    const stat = await lstatOrMissing(model)
    if (!stat?.isDirectory()) return
    await lchown(this.path(rel), Number(stat.uid), Number(stat.gid))
    await chmod(this.path(rel), Number(stat.mode & 0o7777n))
  }

  async createFile(rel: string): Promise<void> {
    await this.#begin({ verb: 'create', rel })
    const file = await open(this.path(rel), 'wx', 0o644)
    await file.chmod(0o644)
    await file.close()
  }

  async setMode(rel: string, mode: number): Promise<void> {
    await this.#begin({ verb: 'chmod', rel })
    await chmod(this.path(rel), mode)
  }

  async move(rel: string, to: string): Promise<void> {
    await this.#begin({ verb: 'move', rel, to })
    try {
      await rename(this.path(rel), this.path(to))
    } catch (error) {
      if (errnoOf(error) !== 'EXDEV') throw error
      throw new ImageError(
        'image-root',
        `/${rel} cannot be moved to /${to}: the image root lies on several file systems (subvolume, overlay); copy it to one directory tree first`,
      )
    }
  }

  async link(rel: string, target: string): Promise<void> {
    await this.#begin({ verb: 'link', rel, to: target })
    await symlink(target, this.path(rel))
  }

  async removeFile(rel: string): Promise<void> {
    await this.#begin({ verb: 'remove', rel })
    await unlink(this.path(rel))
  }

  /** false when it is not empty; a missing directory is as good as removed. */
  async removeEmptyDir(rel: string): Promise<boolean> {
    const stat = await lstatOrMissing(this.path(rel))
    if (stat === undefined) return true
    if (!stat.isDirectory() || (await readdir(this.path(rel), { encoding: 'buffer' })).length > 0) return false
    await this.#begin({ verb: 'remove', rel })
    await rmdir(this.path(rel))
    return true
  }

  /** Removes the object itself: symlinks are never followed. */
  async removeTree(rel: string): Promise<void> {
    if ((await lstatOrMissing(this.path(rel))) === undefined) return
    await this.#begin({ verb: 'remove', rel })
    await removeBytes(Buffer.from(this.path(rel)))
  }

  /** `from` is absolute (it may lie outside: the postscripts directory); `to` must not exist. */
  async copy(from: string, to: string): Promise<void> {
    await this.#begin({ verb: 'copy', rel: to })
    await this.#run('cp', ['-a', '--reflink=auto', '--sparse=auto', '-T', '--', from, this.path(to)])
  }

  async writeFile(rel: string, data: string | Buffer, mode: number): Promise<void> {
    await this.#begin({ verb: 'write', rel })
    await writeFileAtomic(this.path(rel), data, mode)
  }

  /** New content with mode and owner of the file that is there. A new file: names of the old one elsewhere keep theirs. */
  async replaceContent(rel: string, data: string | Buffer): Promise<void> {
    await this.#begin({ verb: 'write', rel })
    const stat = await lstat(this.path(rel))
    await writeFileAtomic(this.path(rel), data, stat.mode & 0o7777, stat)
  }

  /** Nanoseconds: Node's utimes would round to microseconds. */
  async setModifiedTime(rel: string, mtimeNs: bigint): Promise<void> {
    await this.#begin({ verb: 'time', rel })
    const sign = mtimeNs < 0n ? '-' : ''
    const abs = mtimeNs < 0n ? -mtimeNs : mtimeNs
    const when = `@${sign}${abs / 1_000_000_000n}.${String(abs % 1_000_000_000n).padStart(9, '0')}`
    await this.#run('touch', ['-c', '-h', '-m', '-d', when, '--', this.path(rel)])
  }

  async #run(program: string, args: readonly string[]): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const stdio: StdioOptions = ['ignore', 'ignore', 'pipe']
      // Inherited, so that the image stays locked until this program has ended, even if we are killed first.
      if (this.#lockFd !== undefined) stdio.push(this.#lockFd)
      const child = spawn(program, args, { stdio, env: { ...process.env, LC_ALL: 'C' } })
      endWhenInterrupted(child)
      let complaint = ''
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        complaint = (complaint + text).slice(-COMPLAINT_CHARACTERS)
      })
      child.on('error', (error) =>
        reject(new ImageError('image-tool', `${program} cannot be started (${error.message}): install GNU coreutils`)),
      )
      child.on('close', (status) => {
        if (status === 0) resolve()
        else
          reject(new ImageError('image-tool', `${program} ${args.at(-1)}: ${complaint.trim() || `status ${status}`}`))
      })
    })
  }
}

async function removeBytes(path: Buffer): Promise<void> {
  const stat = await lstatOrMissing(path)
  if (stat === undefined) return
  if (!stat.isDirectory()) return await unlink(path)
  for (const name of await readdir(path, { encoding: 'buffer' })) await removeBytes(joinBytes(path, name))
  await rmdir(path)
}
