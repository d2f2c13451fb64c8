/** Files that are there as a whole or not at all, readable by their owner only: passwords stand in tables. */
import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { OperatorError } from '../../api/errors.ts'

/** @throws OperatorError LB_FILE */
export async function writeFileWhole(file: string, text: string): Promise<void> {
  const temporary = `${file}.${randomBytes(4).toString('hex')}`
  try {
    await writeSynced(temporary, text)
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw cannotWrite(file, error)
  }
}

/**
 * The directory appears with all its files, or not at all. One that has files is refused; with `force` its files are
 * replaced one by one, and others in it stay.
 * @throws OperatorError LB_FILE
 */
export async function writeDirectoryWhole(
  directory: string,
  files: ReadonlyMap<string, string>,
  force: boolean,
): Promise<void> {
  const target = resolve(directory)
  const present = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw cannotWrite(directory, error)
  })
  if (present && present.length > 0) {
    if (!force)
      throw new OperatorError('LB_FILE', `${directory} has files already`, 'Name another directory, or give --force.')
    for (const [name, text] of files) await writeFileWhole(join(target, name), text)
    return
  }
  const temporary = `${target}.${randomBytes(4).toString('hex')}`
  try {
    await mkdir(temporary, { mode: 0o700 })
    for (const [name, text] of files) await writeSynced(join(temporary, name), text)
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    throw cannotWrite(directory, error)
  }
}

async function writeSynced(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function cannotWrite(path: string, error: unknown): OperatorError {
  if (error instanceof OperatorError) return error
  const { code, message } = error as NodeJS.ErrnoException
  return new OperatorError('LB_FILE', `${path} cannot be written: ${code ?? message}`)
}
