/** Program 100003 version 3: runs procedures, writes failures, remembers replies. */

import type { LateReply, ProgramAnswer, RpcProgram } from '../program.ts'
import { type ReplayCache, replayKey } from '../replay.ts'
import { acceptStatus, type RpcCall } from '../rpc.ts'
import type { Found } from '../scan.ts'
import { type XdrReader, XdrWriter } from '../xdr.ts'
import { GARBAGE, type LateResult, Nfs3Call, type Nfs3Room, type Procedure } from './call.ts'
import { procedures } from './procedures.ts'
import { type NfsStatus, nfsStatus, statusOfError } from './status.ts'
import { encodePostOp, encodeWcc } from './structures.ts'

export const NFS_PROGRAM = 100003
/** Searches for one call: its two handles, and one more if something was renamed between. */
const SEARCHES = 3

export interface Nfs3ProgramOptions {
  readonly room: Nfs3Room
  readonly replays: ReplayCache
  readonly onCall: (procedure: number, status: number) => void
  /** A mistake of ours: told, not hidden, and no reason to take the server away from all other nodes. */
  readonly onInternalFault: (procedure: string, error: unknown) => void
}

/** The result of a failed call, with what is known of its files (RFC 1813 §3.3: the `resfail` arms). */
function encodeFailure(call: Nfs3Call, procedure: Procedure, status: NfsStatus, out: XdrWriter): void {
  out.u32(status)
  const { first, second, fsid } = call
  const firstNow = first === undefined ? undefined : call.after(first)
  const secondNow = second === undefined ? undefined : call.after(second)
  switch (procedure.failure) {
    case 'nothing':
      return
    case 'attributes':
      encodePostOp(out, firstNow, fsid)
      return
    case 'wcc':
      encodeWcc(out, call.firstBefore, firstNow, fsid)
      return
    case 'rename':
      encodeWcc(out, call.firstBefore, firstNow, fsid)
      encodeWcc(out, call.secondBefore, secondNow, fsid)
      return
    case 'link':
      encodePostOp(out, firstNow, fsid)
      encodeWcc(out, call.secondBefore, secondNow, fsid)
  }
}

export function nfs3Program(options: Nfs3ProgramOptions): RpcProgram {
  const { room, replays } = options

  function statusOf(procedure: Procedure, error: unknown): NfsStatus {
    const status = statusOfError(error)
    if (status !== undefined) return status
    options.onInternalFault(procedure.name, error)
    return nfsStatus.NFS3ERR_SERVERFAULT
  }

  /** The whole result in `out`, or a promise of it. */
  function run(rpc: RpcCall, clientIp: string, args: XdrReader, out: XdrWriter, searches: number): ProgramAnswer {
    const procedure = procedures[rpc.procedure]!
    room.openFiles.trim(room.now())
    const call = new Nfs3Call(room, clientIp, rpc.caller, procedure.modifies)
    const start = out.length
    const argsStart = args.position
    const finish = (status: NfsStatus, writer: XdrWriter): void => {
      options.onCall(rpc.procedure, status)
      if (status !== nfsStatus.NFS3_OK) encodeFailure(call, procedure, status, writer)
    }
    const finishLate = (late: LateResult | NfsStatus): LateReply => {
      if (typeof late === 'number') return { encode: (writer) => finish(late, writer) }
      options.onCall(rpc.procedure, nfsStatus.NFS3_OK)
      return late
    }
    let outcome: ReturnType<Procedure['run']>
    try {
      outcome = procedure.run(call, args, out)
    } catch (error) {
      outcome = statusOf(procedure, error)
    }
    if (typeof outcome !== 'number') {
      return outcome.then(finishLate, (error: unknown) => finishLate(statusOf(procedure, error)))
    }
    if (outcome === GARBAGE) return acceptStatus.GARBAGE_ARGS
    if (call.search !== undefined && searches < SEARCHES) {
      const searched = (found: Found): LateReply | Promise<LateReply | 'drop'> => {
        if (found === undefined) return finishLate(nfsStatus.NFS3ERR_STALE)
        if (found === 'busy') return finishLate(nfsStatus.NFS3ERR_JUKEBOX)
        args.position = argsStart
        return rerun(rpc, clientIp, args, searches + 1)
      }
      return call.search.then(searched, (error: unknown) => finishLate(statusOf(procedure, error)))
    }
    if (outcome !== nfsStatus.NFS3_OK) out.truncate(start)
    finish(outcome, out)
    return acceptStatus.SUCCESS
  }

  async function rerun(rpc: RpcCall, clientIp: string, args: XdrReader, searches: number): Promise<LateReply | 'drop'> {
    const own = new XdrWriter(Buffer.allocUnsafe(4096))
    const answer = run(rpc, clientIp, args, own, searches)
    // The arguments were decoded once: they are no garbage now.
    if (typeof answer === 'number') return { encode: (writer) => writer.fixed(own.bytes()) }
    return answer
  }

  return {
    number: NFS_PROGRAM,
    low: 3,
    high: 3,
    call(rpc, clientIp, args, out) {
      const procedure = procedures[rpc.procedure]
      if (procedure === undefined) return acceptStatus.PROC_UNAVAIL
      if (!procedure.keepReply) return run(rpc, clientIp, args, out, 0)
      const key = replayKey(clientIp, rpc, args)
      const seen = replays.begin(key, room.now())
      if (seen === 'in-progress') return 'drop'
      if (seen !== 'new') {
        out.fixed(seen)
        return acceptStatus.SUCCESS
      }
      const start = out.length
      const answer = run(rpc, clientIp, args, out, 0)
      if (answer === acceptStatus.SUCCESS) replays.keep(key, out.buffer.subarray(start, out.length))
      if (typeof answer === 'number' || answer === 'drop') {
        if (answer !== acceptStatus.SUCCESS) replays.forget(key)
        return answer
      }
      return answer.then((late) => {
        if (late === 'drop') return late
        // Remembered before it is sent: the connection may be gone by now.
        const own = new XdrWriter(Buffer.allocUnsafe(512))
        late.encode(own)
        replays.keep(key, own.bytes())
        return { encode: (writer) => writer.fixed(own.bytes()) }
      })
    },
  }
}
