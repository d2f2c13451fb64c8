/**
 * The file that a packing makes: bytes of a program's output, hashed on their way. It has its name only when it is whole
 * and on disk; nodes that fetch the old one meanwhile keep it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open, rename, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ImageError } from '../image-error.ts'
import { endWhenInterrupted } from '../interruption.ts'

export interface WrittenFile {
  readonly sizeBytes: number
  readonly sha256: string
}

/** Removed by the next packing if this one is killed. */
export function temporaryName(output: string): string {
  return join(dirname(output), `.${basename(output)}.liteboot-new`)
}

/**
 * Feeds `pieces` to the program and keeps what it prints under a temporary name.
 * @param pieces called when everything is ready: Node throws away the output of a program that ends before it is read
 */
export async function packThrough(
  words: readonly string[],
  pieces: () => Iterable<Buffer> | AsyncIterable<Buffer>,
  temporary: string,
): Promise<WrittenFile> {
  const [program = '', ...args] = words
  const file = await createFresh(temporary)
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  endWhenInterrupted(child)
  const ended = endOf(child, program)
  const { stdin, stdout } = child
  try {
    const [written] = await Promise.all([writeHashed(stdout, file), feed(pieces(), stdin), ended])
    return written
  } catch (error) {
    child.kill('SIGKILL')
    // Why the program ended says more than the broken pipe that it left.
    const why = await ended.then(
      () => undefined,
      (fault: unknown) => fault,
    )
    throw isBrokenPipe(error) && why !== undefined ? why : error
  } finally {
    await file.close()
  }
}

async function feed(pieces: Iterable<Buffer> | AsyncIterable<Buffer>, stdin: NodeJS.WritableStream): Promise<void> {
  await pipeline(pieces, stdin)
}

function isBrokenPipe(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && ['EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'].includes(String(error.code))
  )
}

const COMPLAINT_CHARACTERS = 2000

/** Resolves when the program has ended well. @throws ImageError image-tool with what it said */
export function endOf(child: ChildProcess, program: string): Promise<void> {
  let complaint = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-COMPLAINT_CHARACTERS)
  })
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', (error) =>
      reject(new ImageError('image-tool', `${program} cannot be started: ${error.message}`)),
    )
    child.once('close', (status, signal) => {
      if (status === 0) resolve()
      else reject(new ImageError('image-tool', `${program}: ${complaint.trim() || `status ${status ?? signal}`}`))
    })
  })
  ended.catch(() => undefined)
  return ended
}

async function writeHashed(from: Readable, file: FileHandle): Promise<WrittenFile> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const chunk of from as AsyncIterable<Buffer>) {
    hash.update(chunk)
    sizeBytes += chunk.length
    for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten
  }
  return { sizeBytes, sha256: hash.digest('hex') }
}

async function createFresh(path: string): Promise<FileHandle> {
  await unlink(path).catch(() => undefined)
  return await open(path, 'wx', 0o600)
}

/** For a program that wrote the file itself. */
export async function hashFile(path: string): Promise<WrittenFile> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) {
    hash.update(chunk)
    sizeBytes += chunk.length
  }
  return { sizeBytes, sha256: hash.digest('hex') }
}

/** On disk, then under its name. Mode 0644, as xCAT's. */
export async function putInPlace(temporary: string, output: string): Promise<{ readonly mtimeSeconds: number }> {
  const file = await open(temporary, 'r+')
  let mtimeSeconds: number
  try {
    await file.chmod(0o644)
    await file.sync()
    mtimeSeconds = Math.floor((await file.stat()).mtimeMs / 1000)
  } finally {
    await file.close()
  }
  await rename(temporary, output)
  const directory = await open(dirname(output), 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
  return { mtimeSeconds }
}
