/** Changes to DEST itself: every step is announced, atomic, and found done when it is done again. */
import { spawn } from 'node:child_process'
import { lstat, readlink, rename, symlink, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { errnoOf, ImageError } from '../image-error.ts'
import { endWhenInterrupted, uninterrupted } from '../interruption.ts'

/** Called before every single change; a throw stops there. Tests kill the process here. */
export type OnDiskStep = (what: string) => void

/** Sets a symbolic link in one step, whatever (but a directory) is there under its name. */
export async function setLink(path: string, target: string, onStep: OnDiskStep): Promise<void> {
  if ((await linkTarget(path)) === target) return
  const temporary = join(dirname(path), `.${basename(path)}.liteboot-link`)
  onStep(`link ${basename(path)} -> ${target}`)
  await unlink(temporary).catch(() => undefined)
  await symlink(target, temporary)
  onStep(`switch ${basename(path)} -> ${target}`)
  await rename(temporary, path)
}

export async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return await readlink(path)
  } catch {
    return undefined
  }
}

export async function kindOf(path: string): Promise<'file' | 'dir' | 'link' | 'other' | undefined> {
  try {
    const stat = await lstat(path)
    return stat.isFile() ? 'file' : stat.isDirectory() ? 'dir' : stat.isSymbolicLink() ? 'link' : 'other'
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined
    throw error
  }
}

/** How much of a program's error output is kept for the message. */
const COMPLAINT_CHARACTERS = 2000

/**
 * Runs a program to its end; no shell, names are arguments.
 * @param lockFd inherited, so that DEST stays locked until the program has ended, even if we are killed first
 * @throws ImageError image-tool with what the program said
 */
export async function runProgram(words: readonly string[], lockFd: number | undefined): Promise<string> {
  const [program = '', ...args] = words
  return await new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe', ...(lockFd === undefined ? [] : [lockFd])],
      env: { ...process.env, LC_ALL: 'C' },
    })
    endWhenInterrupted(child)
    let said = ''
    let complaint = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-COMPLAINT_CHARACTERS)
    })
    child.on('error', (error) => reject(new ImageError('image-tool', `${program} cannot be started: ${error.message}`)))
    child.on('close', (status, signal) => {
      if (status === 0) resolve(said)
      else reject(new ImageError('image-tool', `${program}: ${complaint.trim() || `status ${status ?? signal}`}`))
    })
  })
}

/** Never into another file system: a mount that somebody forgot below must not be emptied. */
export async function removeWhole(path: string, lockFd: number | undefined): Promise<void> {
  await uninterrupted(() => runProgram(['rm', '-rf', '--one-file-system', '--', path], lockFd))
}
