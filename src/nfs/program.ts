/** RPC programs and the way from a record to its reply. */
import {
  acceptStatus,
  encodeAccepted,
  encodeAuthError,
  encodeProgramMismatch,
  encodeRpcMismatch,
  parseCall,
  type RpcCall,
} from './rpc.ts'
import { XdrReader, type XdrWriter } from './xdr.ts'

/** A reply that is ready later; `data` is sent after what `encode` writes, `release` is called when it was sent. */
export interface LateReply {
  encode(out: XdrWriter): void
  readonly data?: Buffer
  readonly release?: () => void
}

/** 'drop': no reply (the call is being worked on already). */
export type Reply = 'now' | 'drop' | Promise<LateReply | 'drop'>

/** acceptStatus, with the results written when SUCCESS; or the reply later. */
export type ProgramAnswer = number | 'drop' | Promise<LateReply | 'drop'>

export interface RpcProgram {
  readonly number: number
  readonly low: number
  readonly high: number
  call(rpc: RpcCall, clientIp: string, args: XdrReader, out: XdrWriter): ProgramAnswer
}

/** Answers one call. `fault` is undefined unless the record was no RPC call at all (count it, send nothing). */
export function answerRecord(
  programs: ReadonlyMap<number, RpcProgram>,
  record: Buffer,
  clientIp: string,
  out: XdrWriter,
): Reply | { readonly fault: string; readonly offset: number } {
  const args = new XdrReader(record)
  const rpc = parseCall(args)
  if ('fault' in rpc) {
    if (rpc.fault === 'rpc-mismatch') encodeRpcMismatch(out, rpc.xid)
    else if (rpc.fault === 'auth') encodeAuthError(out, rpc.xid, rpc.reason)
    else return rpc
    return 'now'
  }
  const program = programs.get(rpc.program)
  if (program === undefined) {
    encodeAccepted(out, rpc.xid, acceptStatus.PROG_UNAVAIL)
    return 'now'
  }
  if (rpc.version < program.low || rpc.version > program.high) {
    encodeProgramMismatch(out, rpc.xid, program.low, program.high)
    return 'now'
  }
  const start = out.length
  encodeAccepted(out, rpc.xid, acceptStatus.SUCCESS)
  const answer = program.call(rpc, clientIp, args, out)
  if (typeof answer === 'number') {
    if (answer !== acceptStatus.SUCCESS) {
      out.truncate(start)
      encodeAccepted(out, rpc.xid, answer)
    }
    return 'now'
  }
  out.truncate(start)
  if (answer === 'drop') return 'drop'
  return answer.then((late) => {
    if (late === 'drop') return 'drop'
    return {
      ...late,
      encode(writer: XdrWriter) {
        encodeAccepted(writer, rpc.xid, acceptStatus.SUCCESS)
        late.encode(writer)
      },
    }
  })
}
