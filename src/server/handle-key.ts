/** The key that authenticates NFS file handles: made once, kept for good, or running nodes would lose their root. */
import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'

const KEY_BYTES = 32

/** @throws when the file is there but is not a key: making a new one would make every handle in use stale */
export function loadHandleKey(file: string): Buffer {
  try {
    const key = readFileSync(file)
    if (key.length !== KEY_BYTES)
      throw new Error(`${file} is not a key of ${KEY_BYTES} bytes: restore it, or remove it and reboot all nodes`)
    return key
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const key = randomBytes(KEY_BYTES)
  const descriptor = openSync(`${file}.new`, 'w', 0o600)
  try {
    writeSync(descriptor, key)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(`${file}.new`, file)
  return key
}
