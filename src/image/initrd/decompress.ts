/** Modules and firmware come compressed in some distributions; in the initrd they are plain. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gunzip, zstdDecompress } from 'node:zlib'
import { ImageError } from '../image-error.ts'

const gunzipBytes = promisify(gunzip)
const unzstdBytes = promisify(zstdDecompress)

/** The largest module or firmware file that is believed to be one. */
const PLAIN_BYTES_MAX = 512 * 1024 * 1024

export async function readPlain(path: string): Promise<Buffer> {
  if (path.endsWith('.xz')) return await readXz(path)
  const bytes = await readFile(path)
  try {
    if (path.endsWith('.gz')) return await gunzipBytes(bytes, { maxOutputLength: PLAIN_BYTES_MAX })
    if (path.endsWith('.zst')) return await unzstdBytes(bytes, { maxOutputLength: PLAIN_BYTES_MAX })
  } catch (error) {
    throw new ImageError('image-modules', `${path} cannot be decompressed (${String(error)}): reinstall its package`)
  }
  return bytes
}

/** Node has no xz. */
async function readXz(path: string): Promise<Buffer> {
  return await new Promise((resolve, reject) => {
    const options = { encoding: 'buffer', maxBuffer: PLAIN_BYTES_MAX } as const
    execFile('xz', ['-dc', '--', path], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else
        reject(
          new ImageError(
            'image-tool',
            `${path} cannot be decompressed (${stderr.toString().trim() || error.message}): is xz-utils installed?`,
          ),
        )
    })
  })
}
