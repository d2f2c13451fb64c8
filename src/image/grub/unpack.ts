/** GRUB's modules out of a distribution's package, into a directory of their own. */
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { ImageError } from '../image-error.ts'
import { parseCpio } from '../initrd/cpio.ts'
import { isModuleDirectory, PLATFORM } from './module-places.ts'

const PACKAGE_BYTES = 256 * 1024 * 1024

/** @returns the directory with the modules, below `directory` */
export async function unpackModules(packageFile: string, directory: string): Promise<string> {
  const modules = packageFile.endsWith('.deb')
    ? await unpackDeb(packageFile, directory)
    : await unpackRpm(packageFile, directory)
  if (!isModuleDirectory(modules)) throw new ImageError('image-tool', `${packageFile} has no modules for ${PLATFORM}`)
  return modules
}

async function unpackDeb(packageFile: string, directory: string): Promise<string> {
  const out = join(directory, 'deb')
  await mkdir(out, { recursive: true })
  // A dpkg-deb that fails leaves tar with half an archive, so tar's status tells of both.
  const script = `dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" --no-same-owner ./usr/lib/grub/${PLATFORM}`
  try {
    await promisify(execFile)('sh', ['-c', script, 'sh', packageFile, out])
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error)
    throw new ImageError('image-tool', `${packageFile} cannot be unpacked: ${said}`)
  }
  return join(out, 'usr/lib/grub', PLATFORM)
}

async function unpackRpm(packageFile: string, directory: string): Promise<string> {
  const { stdout } = await promisify(execFile)('rpm2cpio', [packageFile], {
    encoding: 'buffer',
    maxBuffer: PACKAGE_BYTES,
  })
  const entries = parseCpio(stdout)
  if ('fault' in entries) throw new ImageError('image-tool', `${packageFile} cannot be unpacked: ${entries.fault}`)
  const out = join(directory, PLATFORM)
  await mkdir(out, { recursive: true })
  for (const { name, kind, data } of entries) {
    // Only names are taken from the package: nothing can be written elsewhere.
    if (kind === 'file' && name.includes(`/${PLATFORM}/`))
      await writeFile(join(out, basename(name)), data ?? Buffer.alloc(0))
  }
  return out
}
