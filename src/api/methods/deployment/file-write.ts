/** Files that are read while they are written: whole at every moment. */
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'

const temporaryName = (path: string): string => `${path}.liteboot-${process.pid}`

/** undefined: there is no such file. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * A new file under the same name, with mode and owner of the old one. Missing directories are made.
 * @param durable also after a power cut it is the old or the new one; thousands of files that can be made again need not be
 */
export function replaceFile(path: string, text: string, durable: boolean): void {
  const old = statSync(path, { throwIfNoEntry: false })
  mkdirSync(dirname(path), { recursive: true })
  const temporary = temporaryName(path)
  try {
    // One that was left by a crash is in the way; one that somebody puts there now is not followed.
    rmSync(temporary, { force: true })
    const descriptor = openSync(temporary, 'wx', 0o644)
    try {
      writeFileSync(descriptor, text)
      if (durable) fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    if (old) {
      chmodSync(temporary, old.mode & 0o7777)
      chownSync(temporary, old.uid, old.gid)
    }
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

/** For a file that is a mount of its own (containers do that with /etc/hosts): no other file can take its name. */
export function overwriteFile(path: string, text: string): void {
  const bytes = Buffer.from(text)
  const descriptor = openSync(path, 'r+')
  try {
    // First longer, then shorter: a full disk is noticed before anything is cut off.
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at, bytes.length - at, at)
    ftruncateSync(descriptor, bytes.length)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** A copy, whole as soon as it has its name; shares its blocks where the file system can do that. */
export function placeCopy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  const temporary = temporaryName(to)
  try {
    copyFileSync(from, temporary, constants.COPYFILE_FICLONE)
    chmodSync(temporary, 0o644)
    renameSync(temporary, to)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}
