/** A bundle taken apart: its members as plain files in a directory that nobody else reads. */
import { createReadStream } from 'node:fs'
import { mkdir, open, readFile, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { TarFault } from '../../tar/header.ts'
import { errnoOf, ImageError } from '../image-error.ts'
import { throwIfInterrupted } from '../interruption.ts'
import { type BundleManifest, MANIFEST_NAME, parseManifest } from './manifest.ts'
import { bundleMembers } from './members.ts'

export interface OpenedBundle {
  readonly manifest: BundleManifest
  /** Names in the bundle (`kernel`, `extra/tune.sh`): regular files below `directory`. */
  readonly members: readonly string[]
  readonly directory: string
}

const MEMBER_LIMIT = 10_000
const MANIFEST_LIMIT_BYTES = 1024 * 1024

/**
 * @param directory must not exist; made with mode 0700
 * @throws ImageError image-bundle
 */
export async function openBundle(path: string, directory: string): Promise<OpenedBundle> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  let members: string[]
  try {
    members = await unpack(path, directory)
  } catch (error) {
    if (error instanceof ImageError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new ImageError('image-bundle', `${path}: ${errnoOf(error) === 'ENOENT' ? 'there is no such file' : reason}`)
  }
  if (!members.includes(MANIFEST_NAME))
    throw new ImageError('image-bundle', `${path} has no ${MANIFEST_NAME}: it is no image bundle`)
  const manifest = parseManifest(await readManifestText(join(directory, MANIFEST_NAME), path))
  if ('fault' in manifest) throw new ImageError('image-bundle', `${path}: ${MANIFEST_NAME}: ${manifest.fault}`)
  return { manifest, members, directory }
}

async function readManifestText(path: string, bundle: string): Promise<string> {
  const bytes = await readFile(path)
  if (bytes.length > MANIFEST_LIMIT_BYTES)
    throw new ImageError('image-bundle', `${bundle}: ${MANIFEST_NAME} is too large`)
  return bytes.toString('utf8')
}

/** The archive has one directory; its name (the image's on the other machine) is dropped. */
async function unpack(bundle: string, directory: string): Promise<string[]> {
  const members: string[] = []
  const { bavail, bsize } = await statfs(directory)
  let left = bavail * bsize
  let count = 0
  for await (const { path, isDirectory, isExecutable, sizeBytes, content } of bundleMembers(
    await plainStream(bundle),
  )) {
    throwIfInterrupted()
    if (++count > MEMBER_LIMIT) throw new TarFault('it has too many files')
    left -= sizeBytes
    if (left < 0) throw new TarFault(`its files do not fit on the file system of ${directory}`)
    const name = path.split('/').slice(1).join('/')
    if (isDirectory || name === '') continue
    const to = join(directory, name)
    await mkdir(dirname(to), { recursive: true, mode: 0o700 })
    // Exclusive: no member takes another's place.
    const file = await open(to, 'wx', isExecutable ? 0o700 : 0o600)
    try {
      for await (const chunk of content)
        for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten
    } finally {
      await file.close()
    }
    members.push(name)
  }
  return members
}

/** RFC 1952: the magic number of gzip. xCAT's bundles may be plain tar archives (imgimport -n). */
async function plainStream(path: string): Promise<AsyncIterable<Buffer>> {
  const file = await open(path, 'r')
  const magic = Buffer.alloc(2)
  await file.read(magic, 0, 2, 0)
  await file.close()
  const stream = createReadStream(path, { highWaterMark: 1024 * 1024 })
  if (magic.readUInt16BE(0) !== 0x1f8b) return stream
  const plain = createGunzip()
  stream.on('error', (error) => plain.destroy(error))
  plain.on('close', () => stream.destroy())
  return stream.pipe(plain)
}
