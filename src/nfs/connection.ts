/** One TCP connection: records in, replies out in the order they are ready, never more in memory than allowed. */
import type { Socket } from 'node:net'
import { limits } from './limits.ts'
import { answerRecord, type LateReply, type RpcProgram } from './program.ts'
import { RecordReader } from './record.ts'
import { XdrWriter } from './xdr.ts'

const LAST_FRAGMENT = 0x80000000

export interface ConnectionOptions {
  readonly socket: Socket
  readonly clientIp: string
  readonly programs: ReadonlyMap<number, RpcProgram>
  readonly chunks: BufferPool
  readonly onMalformed: (clientIp: string, fault: string, offset: number) => void
}

/** Buffers of one size, reused: a fresh megabyte costs more than the read into it. */
export class BufferPool {
  private readonly free: Buffer[] = []
  private readonly bytes: number
  private readonly keep: number

  constructor(bytes: number, keep: number) {
    this.bytes = bytes
    this.keep = keep
  }

  take(): Buffer {
    return this.free.pop() ?? Buffer.allocUnsafeSlow(this.bytes)
  }

  give(buffer: Buffer): void {
    if (buffer.length === this.bytes && this.free.length < this.keep) this.free.push(buffer)
  }
}

export function serveConnection(options: ConnectionOptions): void {
  const { socket, clientIp, programs, chunks } = options
  const records = new RecordReader()
  let out: XdrWriter | undefined
  let inFlight = 0
  let isClosed = false
  let isPumping = false
  let flushDue = false

  const writer = (): XdrWriter => {
    out ??= new XdrWriter(chunks.take())
    return out
  }

  function flush(): void {
    const ready = out
    if (ready === undefined || ready.length === 0) return
    out = undefined
    // Kept until the kernel has it.
    if (isClosed) chunks.give(ready.buffer)
    else socket.write(ready.bytes(), () => chunks.give(ready.buffer))
  }

  const isBlocked = (): boolean =>
    isClosed || inFlight >= limits.callsInFlight || socket.writableLength > limits.replyQueueBytes

  function mark(writer: XdrWriter, at: number, dataBytes: number): void {
    writer.patch(at, LAST_FRAGMENT + writer.length - at - 4 + dataBytes)
  }

  function sendLate(late: LateReply): void {
    if (isClosed) {
      late.release?.()
      return
    }
    const target = writer()
    const at = target.reserve(4)
    late.encode(target)
    const { data, release } = late
    mark(target, at, data?.length ?? 0)
    if (data === undefined) {
      if (flushDue) return
      // Replies that become ready together leave together.
      flushDue = true
      process.nextTick(() => {
        flushDue = false
        flush()
      })
      return
    }
    socket.cork()
    flush()
    socket.write(data, () => release?.())
    socket.uncork()
  }

  function answer(record: Buffer): void {
    const target = writer()
    const at = target.reserve(4)
    const reply = answerRecord(programs, record, clientIp, target)
    if (reply === 'now') {
      mark(target, at, 0)
      return
    }
    target.truncate(at)
    if (reply === 'drop') return
    if ('fault' in reply) {
      options.onMalformed(clientIp, reply.fault, reply.offset)
      return
    }
    inFlight++
    reply.then((late) => {
      inFlight--
      if (late !== 'drop') sendLate(late)
      pump()
    })
  }

  /** Works off what was received until it must wait for the client or for disks. */
  function pump(): void {
    if (isPumping || isClosed) return
    isPumping = true
    while (!isBlocked()) {
      const record = records.next()
      if (record === undefined) break
      if ('fault' in record) {
        options.onMalformed(clientIp, record.fault, record.offset)
        socket.destroy()
        break
      }
      answer(record)
      if (out !== undefined && out.length >= limits.outputChunkBytes / 2) flush()
    }
    flush()
    isPumping = false
    if (isClosed) return
    if (isBlocked()) socket.pause()
    else if (socket.isPaused()) socket.resume()
  }

  socket.setNoDelay(true)
  socket.setKeepAlive(true, limits.keepAliveMs)
  socket.setTimeout(limits.idleConnectionMs, () => socket.destroy())
  socket.on('data', (chunk: Buffer) => {
    records.push(chunk)
    pump()
  })
  socket.on('drain', pump)
  // A reset by the client is its right: the close that follows is all there is to do.
  socket.on('error', () => {})
  socket.on('close', () => {
    isClosed = true
    if (out !== undefined) chunks.give(out.buffer)
    out = undefined
  })
}
