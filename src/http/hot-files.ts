/**
 * Files kept in memory: Node has no sendfile, and sending from one large buffer is faster than any file stream.
 *
 * One buffer is shared by all transfers of a file, however slow they are. A file is read once, also when many ask for
 * it at the same moment: they are sent what has been read so far. An entry belongs to one version of a file; the caller
 * looks at the file (stat) before every answer, so a replaced file is served new, while transfers under way keep the
 * old buffer. Buffers that are still being sent count against the bound even after their file was replaced.
 */
import { HTTP_LIMITS } from './limits.ts'
import { closeFile, type FileStat, type OpenedFile, readAt, statOpened } from './opened-file.ts'

export interface HotEntry {
  readonly stat: FileStat
  readonly realPath: string
  /** Gates that have let this version through. */
  readonly passed: Set<string>
  readonly buffer: Buffer
  /** Bytes that may be sent. The last ones are released only after the file was found unchanged. */
  readonly loadedBytes: number
  /** The file changed or failed while it was read: transfers of it must be cut. */
  readonly broken: boolean
  /** Resolves at the next change of `loadedBytes` or `broken`. */
  changed(): Promise<void>
}

export interface HotFiles {
  /** The entry of this version of the file; an older one is let go. */
  find(path: string, version: string): HotEntry | undefined
  /** Takes the descriptor over and begins to read when the file may be kept; undefined when not (descriptor untouched). */
  admit(path: string, file: OpenedFile): HotEntry | undefined
  retain(entry: HotEntry): void
  release(entry: HotEntry): void
  /** Lets go of what nobody asked for lately. */
  sweep(): void
  readonly counters: { files: number; bytes: number; hits: number; loads: number; refused: number; broken: number }
}

export interface HotFilesOptions {
  readonly now: () => number
  readonly maxBytes?: number
  readonly atOnceBytes?: number
}

interface Entry extends HotEntry {
  loadedBytes: number
  broken: boolean
  references: number
  /** Still found by path; false once replaced or evicted. */
  listed: boolean
  askedAtMs: number
  wake: (() => void)[]
}

export function openHotFiles(options: HotFilesOptions): HotFiles {
  const { now } = options
  const maxBytes = options.maxBytes ?? HTTP_LIMITS.hotBytes
  const atOnceBytes = options.atOnceBytes ?? HTTP_LIMITS.hotAtOnceBytes
  // Both maps keep their order of use: the first key is the one longest unused.
  const entries = new Map<string, Entry>()
  const asked = new Map<string, { version: string; atMs: number }>()
  const counters = { files: 0, bytes: 0, hits: 0, loads: 0, refused: 0, broken: 0 }

  function unlist(path: string, entry: Entry): void {
    if (entries.get(path) === entry) entries.delete(path)
    if (!entry.listed) return
    entry.listed = false
    counters.files -= 1
    if (entry.references === 0) counters.bytes -= entry.buffer.length
  }

  function makeRoom(sizeBytes: number): boolean {
    for (const [path, entry] of entries) {
      if (counters.bytes + sizeBytes <= maxBytes) break
      if (entry.references === 0) unlist(path, entry)
    }
    return counters.bytes + sizeBytes <= maxBytes
  }

  /** The second request for a large file within a while admits it: one node booting alone costs no memory. */
  function isRepeated(path: string, version: string): boolean {
    const before = asked.get(path)
    asked.delete(path)
    asked.set(path, { version, atMs: now() })
    const oldest = asked.keys().next().value
    if (asked.size > HTTP_LIMITS.hotAskedFiles && oldest !== undefined) asked.delete(oldest)
    return before !== undefined && before.version === version && now() - before.atMs <= HTTP_LIMITS.hotRepeatMs
  }

  return {
    counters,
    find(path, version) {
      const entry = entries.get(path)
      if (!entry) return undefined
      if (entry.stat.version !== version || entry.broken) {
        unlist(path, entry)
        return undefined
      }
      entries.delete(path)
      entries.set(path, entry)
      entry.askedAtMs = now()
      counters.hits += 1
      return entry
    },
    admit(path, file) {
      const { sizeBytes, version, mtimeMs, ctimeMs } = file.stat
      if (sizeBytes === 0 || sizeBytes > maxBytes / 2) return undefined
      if (Math.abs(now() - Math.max(mtimeMs, ctimeMs)) < HTTP_LIMITS.hotSettleMs) return undefined
      const repeated = isRepeated(path, version)
      if (sizeBytes > atOnceBytes && !repeated) return undefined
      if (!makeRoom(sizeBytes)) {
        counters.refused += 1
        return undefined
      }
      const entry = createEntry(file, now())
      const old = entries.get(path)
      if (old) unlist(path, old)
      entries.set(path, entry)
      counters.files += 1
      counters.bytes += sizeBytes
      counters.loads += 1
      asked.delete(path)
      // The load itself is a user of the buffer: it may not be evicted under the read.
      entry.references += 1
      void load(file.fd, entry).then(() => {
        if (entry.broken) {
          counters.broken += 1
          unlist(path, entry)
        }
        this.release(entry)
      })
      return entry
    },
    retain(entry) {
      const held = entry as Entry // every HotEntry was made here
      held.references += 1
    },
    release(entry) {
      const held = entry as Entry // every HotEntry was made here
      held.references -= 1
      if (held.references === 0 && !held.listed) counters.bytes -= held.buffer.length
    },
    sweep() {
      for (const [path, entry] of entries) {
        if (entry.references === 0 && now() - entry.askedAtMs > HTTP_LIMITS.hotIdleMs) unlist(path, entry)
      }
    },
  }
}

function createEntry(file: OpenedFile, nowMs: number): Entry {
  return {
    stat: file.stat,
    realPath: file.realPath,
    passed: new Set(),
    buffer: Buffer.allocUnsafeSlow(file.stat.sizeBytes),
    loadedBytes: 0,
    broken: false,
    references: 0,
    listed: true,
    askedAtMs: nowMs,
    wake: [],
    changed() {
      return new Promise((resolve) => this.wake.push(resolve))
    },
  }
}

async function load(fd: number, entry: Entry): Promise<void> {
  const size = entry.buffer.length
  let position = 0
  while (position < size) {
    const length = Math.min(HTTP_LIMITS.readBytes, size - position)
    const count = await readAt(fd, entry.buffer.subarray(position), length, position)
    if (count <= 0) break
    position += count
    if (position < size) publish(entry, position)
  }
  const after = await statOpened(fd)
  closeFile(fd)
  const whole = position === size && !('fault' in after) && after.content === entry.stat.content
  entry.broken = !whole
  publish(entry, whole ? size : entry.loadedBytes)
}

function publish(entry: Entry, loadedBytes: number): void {
  entry.loadedBytes = loadedBytes
  const waiting = entry.wake
  entry.wake = []
  for (const wake of waiting) wake()
}
