/**
 * Files of the disk, opened once and shared between all transfers that read them. Small ones stay in memory, checked by
 * `stat` at each request; large ones are read in chunks that neighbouring transfers share.
 */
import { type BigIntStats, constants } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { CHUNK_BYTES, CHUNKS_PER_FILE, HOT_FILE_MAX_BYTES, HOT_TOTAL_MAX_BYTES, IDLE_FILES_MAX } from './limits.ts'

/** Never follows a link (the path is resolved already) and never waits for a FIFO's writer. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

function identify(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}:${stats.ctimeNs}:${contentOf(stats)}`
}

/** Without ctime, which a hard link to the file changes too. */
function contentOf(stats: BigIntStats): string {
  return `${stats.size}:${stats.mtimeNs}`
}

async function readWhole(handle: FileHandle, position: number, target: Buffer): Promise<void> {
  let done = 0
  while (done < target.length) {
    const { bytesRead } = await handle.read(target, done, target.length - done, position + done)
    if (bytesRead === 0) throw new Error('file became shorter while it was read')
    done += bytesRead
  }
}

/** One version of one file: it never changes size or content identity during a transfer. */
export class SharedFile {
  readonly sizeBytes: number
  readonly identity: string
  /** The whole file, when it is small. */
  readonly data: Buffer | undefined
  users = 0
  #handle: FileHandle | undefined
  readonly #chunks = new Map<number, Buffer>()
  readonly #loading = new Map<number, Promise<void>>()

  constructor(handle: FileHandle | undefined, sizeBytes: number, identity: string, data: Buffer | undefined) {
    this.#handle = handle
    this.sizeBytes = sizeBytes
    this.identity = identity
    this.data = data
  }

  /** The chunk's bytes if they are in memory. */
  chunk(index: number): Buffer | undefined {
    return this.#chunks.get(index)
  }

  /** Reads a chunk into memory; transfers that ask at the same time share one read. */
  load(index: number): Promise<void> {
    const running = this.#loading.get(index)
    if (running) return running
    const reading = this.#read(index).finally(() => this.#loading.delete(index))
    this.#loading.set(index, reading)
    return reading
  }

  async #read(index: number): Promise<void> {
    const position = index * CHUNK_BYTES
    const bytes = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, this.sizeBytes - position))
    if (!this.#handle) throw new Error('file is closed')
    await readWhole(this.#handle, position, bytes)
    if (!this.identity.endsWith(contentOf(await this.#handle.stat({ bigint: true })))) {
      throw new Error('file changed while it was read')
    }
    this.#chunks.set(index, bytes)
    // A Map keeps the order of insertion: the oldest chunk goes first.
    for (const oldest of this.#chunks.keys()) {
      if (this.#chunks.size <= CHUNKS_PER_FILE) break
      this.#chunks.delete(oldest)
    }
  }

  /** Nobody reads it at the moment: the kernel's page cache keeps it well enough. */
  forget(): void {
    this.#chunks.clear()
  }

  async close(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    this.#chunks.clear()
    await Promise.allSettled(this.#loading.values())
    await handle?.close()
  }
}

export class FileShelf {
  /** By path, least recently used first. */
  readonly #files = new Map<string, SharedFile>()
  readonly #opening = new Map<string, Promise<SharedFile | undefined>>()
  #hotBytes = 0

  /** The file as it is now, or undefined when there is no regular file. Give it back with `release`. */
  async take(path: string): Promise<SharedFile | undefined> {
    let identity: string
    try {
      const stats = await stat(path, { bigint: true })
      if (!stats.isFile()) return undefined
      identity = identify(stats)
    } catch {
      return undefined
    }
    const known = this.#files.get(path)
    if (known?.identity === identity) {
      this.#files.delete(path)
      this.#files.set(path, known)
      known.users += 1
      return known
    }
    const key = `${identity}:${path}`
    let opening = this.#opening.get(key)
    if (!opening) {
      opening = this.#open(path).finally(() => this.#opening.delete(key))
      this.#opening.set(key, opening)
    }
    const file = await opening
    if (file) file.users += 1
    return file
  }

  release(path: string, file: SharedFile): void {
    file.users -= 1
    if (file.users === 0) file.forget()
    if (file.users === 0 && this.#files.get(path) !== file) void file.close()
    this.#trim()
  }

  async close(): Promise<void> {
    const files = [...this.#files.values()]
    this.#files.clear()
    await Promise.all(files.map((file) => file.close()))
  }

  async #open(path: string): Promise<SharedFile | undefined> {
    const handle = await open(path, OPEN_FLAGS).catch(() => undefined)
    if (!handle) return undefined
    let file: SharedFile
    try {
      const stats = await handle.stat({ bigint: true })
      const sizeBytes = Number(stats.size)
      const identity = identify(stats)
      if (!stats.isFile()) {
        await handle.close()
        return undefined
      }
      if (sizeBytes <= HOT_FILE_MAX_BYTES) {
        const data = Buffer.allocUnsafeSlow(sizeBytes)
        await readWhole(handle, 0, data)
        await handle.close()
        file = new SharedFile(undefined, sizeBytes, identity, data)
      } else file = new SharedFile(handle, sizeBytes, identity, undefined)
    } catch {
      await handle.close().catch(() => undefined)
      return undefined
    }
    this.#put(path, file)
    return file
  }

  #put(path: string, file: SharedFile): void {
    const old = this.#files.get(path)
    if (old) this.#drop(path, old)
    this.#files.set(path, file)
    this.#hotBytes += file.data?.length ?? 0
    this.#trim()
  }

  #drop(path: string, file: SharedFile): void {
    this.#files.delete(path)
    this.#hotBytes -= file.data?.length ?? 0
    if (file.users === 0) void file.close()
  }

  #trim(): void {
    let idleOpen = 0
    for (const file of this.#files.values()) if (file.users === 0 && !file.data) idleOpen += 1
    if (this.#hotBytes <= HOT_TOTAL_MAX_BYTES && idleOpen <= IDLE_FILES_MAX) return
    for (const [path, file] of this.#files) {
      const overHot = file.data !== undefined && this.#hotBytes > HOT_TOTAL_MAX_BYTES
      const overIdle = !file.data && file.users === 0 && idleOpen > IDLE_FILES_MAX
      if (!overHot && !overIdle) continue
      if (overIdle) idleOpen -= 1
      this.#drop(path, file)
    }
  }
}
