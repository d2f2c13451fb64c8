/** Bytes of a file → the socket, with back-pressure: a slow client holds one slice, or a part of the shared buffer. */
import type { HotEntry, HotFiles } from './hot-files.ts'
import { HTTP_LIMITS } from './limits.ts'
import { closeFile, type OpenedFile, readAt, statOpened } from './opened-file.ts'
import type { ByteRange } from './range.ts'
import type { RouteResponse } from './route.ts'

let activeStreams = 0
/** Full-size read buffers between two transfers: fresh ones cost a page fault for every 4 KiB. */
const spareBuffers: Buffer[] = []

function takeBuffer(sizeBytes: number): Buffer {
  const spare = sizeBytes === HTTP_LIMITS.streamReadMaxBytes ? spareBuffers.pop() : undefined
  return spare ?? Buffer.allocUnsafeSlow(sizeBytes)
}

/** Only buffers the socket has let go of: what is still queued there must not be written over. */
function giveBuffer(buffer: Buffer): void {
  if (buffer.length !== HTTP_LIMITS.streamReadMaxBytes) return
  if (spareBuffers.length < HTTP_LIMITS.streamSpareBuffers) spareBuffers.push(buffer)
}

/** Sends a range of a hot file, following the read if it is still being loaded. Always releases the entry. */
export async function sendHot(
  response: RouteResponse,
  hot: HotFiles,
  entry: HotEntry,
  range: ByteRange,
): Promise<void> {
  const writer = createWriter(response)
  hot.retain(entry)
  try {
    let sent = range.start
    while (sent < range.end) {
      while (!entry.broken && entry.loadedBytes <= sent) {
        await entry.changed()
      }
      if (entry.loadedBytes <= sent) return writer.cut()
      const until = Math.min(range.end, entry.loadedBytes, sent + HTTP_LIMITS.sliceBytes)
      if (!(await writer.write(entry.buffer.subarray(sent, until)))) return
      sent = until
    }
    writer.end()
  } finally {
    hot.release(entry)
  }
}

/**
 * Streams from disk with two buffers: one is read into while the other is sent. The last piece is held back until the
 * file was found unchanged, so that a file edited in place ends as a cut transfer, never as a mix that looks whole.
 */
export async function sendStream(response: RouteResponse, file: OpenedFile, range: ByteRange): Promise<void> {
  const writer = createWriter(response)
  activeStreams += 1
  const readBytes = streamReadBytes(range.end - range.start)
  const buffers = [takeBuffer(readBytes), takeBuffer(readBytes)] as const
  let whole = false
  try {
    let position = range.start
    let current = 0
    let written: Promise<boolean> = Promise.resolve(true)
    while (position < range.end) {
      const buffer = buffers[current & 1] ?? buffers[0]
      const wanted = pieceLength(position, range.end, readBytes)
      const count = await readFully(file.fd, buffer, wanted, position)
      const isLast = position + wanted >= range.end
      const good = count === wanted && (!isLast || (await isUnchanged(file)))
      if (!(await written)) return
      if (!good) return writer.cut()
      written = writer.write(buffer.subarray(0, count))
      position += count
      current += 1
    }
    whole = await written
    if (whole) writer.end()
  } finally {
    // After a cut the kernel may still read from them; the garbage collector will see.
    if (whole) for (const buffer of buffers) giveBuffer(buffer)
    activeStreams -= 1
    closeFile(file.fd)
  }
}

/** Reads end on multiples of the read size, so that all but the first and last are aligned. */
function pieceLength(position: number, end: number, readBytes: number): number {
  return Math.min(readBytes - (position % readBytes), end - position)
}

function streamReadBytes(lengthBytes: number): number {
  const share = HTTP_LIMITS.streamBudgetBytes / 2 / activeStreams
  const aligned = 2 ** Math.floor(Math.log2(Math.max(share, HTTP_LIMITS.streamReadMinBytes)))
  return Math.min(aligned, HTTP_LIMITS.streamReadMaxBytes, Math.max(4096, lengthBytes))
}

async function readFully(fd: number, buffer: Buffer, length: number, position: number): Promise<number> {
  let filled = 0
  while (filled < length) {
    const count = await readAt(fd, buffer.subarray(filled), length - filled, position + filled)
    if (count <= 0) return count < 0 ? -1 : filled
    filled += count
  }
  return filled
}

async function isUnchanged(file: OpenedFile): Promise<boolean> {
  const after = await statOpened(file.fd)
  return !('fault' in after) && after.content === file.stat.content
}

interface BodyWriter {
  /** Resolves true when the kernel took it, false when the client is gone. */
  write(piece: Buffer): Promise<boolean>
  end(): void
  /** Content-Length cannot be met any more: only closing tells the client (RFC 9112 §8). */
  cut(): void
}

function createWriter(response: RouteResponse): BodyWriter {
  const { raw } = response
  let gone = raw.destroyed || raw.closed
  let settle: ((taken: boolean) => void) | undefined
  raw.once('close', () => {
    gone = true
    settle?.(false)
  })
  return {
    write(piece) {
      if (gone) return Promise.resolve(false)
      return new Promise((resolve) => {
        settle = resolve
        raw.write(piece, (error) => {
          if (!error) response.bodyBytes += piece.length
          resolve(!error && !gone)
        })
      })
    },
    end() {
      if (!gone) raw.end()
    },
    cut() {
      response.detail = 'the file changed or could not be read while it was sent'
      raw.destroy()
    },
  }
}
