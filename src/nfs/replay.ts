/**
 * Replies to calls that must not be done twice. A client that lost its connection sends the call again with the same
 * xid: a second REMOVE would answer NOENT although the first one succeeded. (RFC 1813 §4.5)
 */
import { limits } from './limits.ts'
import type { RpcCall } from './rpc.ts'
import type { XdrReader } from './xdr.ts'

export type Remembered = 'new' | 'in-progress' | Buffer

interface Entry {
  reply: Buffer | undefined
  readonly atMs: number
}

/** A client that was booted again may use an old xid for another call: the arguments are part of the key. */
export function replayKey(clientIp: string, rpc: RpcCall, args: XdrReader): string {
  let hash = 0x811c9dc5
  const end = Math.min(args.end, args.position + 512)
  for (let i = args.position; i < end; i++) hash = Math.imul(hash ^ args.buffer[i]!, 0x01000193)
  return `${clientIp} ${rpc.xid} ${rpc.procedure} ${args.remaining} ${hash >>> 0}`
}

export class ReplayCache {
  private readonly entries = new Map<string, Entry>()

  /** 'new': do it, and `keep` or `forget` it afterwards. */
  begin(key: string, nowMs: number): Remembered {
    const entry = this.entries.get(key)
    if (entry !== undefined && nowMs - entry.atMs < limits.replayMs) return entry.reply ?? 'in-progress'
    this.entries.delete(key)
    this.entries.set(key, { reply: undefined, atMs: nowMs })
    if (this.entries.size > limits.replays) {
      for (const oldest of this.entries.keys()) {
        this.entries.delete(oldest)
        break
      }
    }
    return 'new'
  }

  keep(key: string, reply: Buffer): void {
    const entry = this.entries.get(key)
    if (entry === undefined) return
    if (reply.length > limits.replayBytes) this.entries.delete(key)
    else entry.reply = Buffer.from(reply)
  }

  forget(key: string): void {
    this.entries.delete(key)
  }
}
