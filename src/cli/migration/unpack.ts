/** Compressed bytes → bytes, never more than the limit. */
import { spawn } from 'node:child_process'
import { promisify } from 'node:util'
import { gunzip, zstdDecompress } from 'node:zlib'
import { OperatorError } from '../../api/errors.ts'
import { DUMP_LIMITS } from './limits.ts'

const MAGIC: readonly (readonly [string, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ['bzip2', [0x42, 0x5a, 0x68]],
]

/** What is not compressed comes back as it is. @throws OperatorError LB_FILE */
export async function unpack(source: string, bytes: Buffer): Promise<Buffer> {
  const [format] = MAGIC.find(([, magic]) => magic.every((byte, at) => bytes[at] === byte)) ?? []
  if (format === undefined) return bytes
  const maxOutputLength = DUMP_LIMITS.unpackedBytes
  try {
    if (format === 'gzip') return await promisify(gunzip)(bytes, { maxOutputLength })
    if (format === 'zstd') return await promisify(zstdDecompress)(bytes, { maxOutputLength })
    return await throughProgram(format, bytes)
  } catch (error) {
    throw new OperatorError('LB_FILE', `${source} cannot be unpacked (${format}): ${reason(error)}`)
  }
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ERR_BUFFER_TOO_LARGE') return TOO_LARGE
  return code === 'ENOENT' ? 'there is no such program on this machine' : message
}

const TOO_LARGE = `it is larger than ${DUMP_LIMITS.unpackedBytes / 1024 / 1024} MiB`

/** Node.js knows neither xz nor bzip2. */
function throughProgram(program: string, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['-dc'], { stdio: ['pipe', 'pipe', 'pipe'] })
    const chunks: Buffer[] = []
    let size = 0
    let errors = ''
    child.on('error', reject)
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= DUMP_LIMITS.unpackedBytes) chunks.push(chunk)
      else {
        child.kill()
        reject(new Error(TOO_LARGE))
      }
    })
    child.stderr.on('data', (chunk: Buffer) => {
      errors = `${errors}${chunk}`.slice(0, 500)
    })
    // It may end before it has read everything: its status says why.
    child.stdin.on('error', () => {})
    child.on('close', (status) => {
      if (status === 0) resolve(Buffer.concat(chunks))
      else reject(new Error(errors.trim() || `${program} ended with ${status}`))
    })
    child.stdin.end(bytes)
  })
}
