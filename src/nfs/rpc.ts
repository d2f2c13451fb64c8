/** ONC RPC version 2 messages (RFC 5531): call header in, reply header out. */
import { limits } from './limits.ts'
import type { XdrReader, XdrWriter } from './xdr.ts'

export const AUTH_NONE = 0
export const AUTH_SYS = 1
const NOBODY = 65534

export const acceptStatus = {
  SUCCESS: 0,
  PROG_UNAVAIL: 1,
  PROG_MISMATCH: 2,
  PROC_UNAVAIL: 3,
  GARBAGE_ARGS: 4,
  SYSTEM_ERR: 5,
} as const

/** RFC 5531 §9: why a credential was not taken. */
export const authStatus = { AUTH_BADCRED: 1, AUTH_TOOWEAK: 5 } as const

/** Who calls, as the client's kernel says (AUTH_SYS); without credential nobody. */
export interface Caller {
  readonly uid: number
  readonly gid: number
  readonly groups: readonly number[]
}

export interface RpcCall {
  readonly xid: number
  readonly program: number
  readonly version: number
  readonly procedure: number
  readonly caller: Caller
}

export type RpcFault =
  | { readonly fault: 'not-a-call' | 'short'; readonly offset: number }
  | { readonly fault: 'rpc-mismatch'; readonly xid: number }
  | { readonly fault: 'auth'; readonly xid: number; readonly reason: number }

const nobody: Caller = { uid: NOBODY, gid: NOBODY, groups: [] }
const NO_GROUPS: readonly number[] = []

/** RFC 5531 App. A: stamp, machine name, uid, gid, at most 16 gids. */
function parseAuthSys(reader: XdrReader, length: number): Caller | undefined {
  const end = reader.position + ((length + 3) & ~3)
  if (end > reader.end || length > limits.authBytes) return undefined
  reader.u32()
  const nameBytes = reader.u32()
  if (nameBytes > 255) return undefined
  reader.fixed(nameBytes)
  const uid = reader.u32()
  const gid = reader.u32()
  const count = reader.u32()
  if (count > limits.groups || reader.position + count * 4 > end || reader.fault !== undefined) return undefined
  let groups = NO_GROUPS
  if (count > 0) {
    const list = new Array<number>(count)
    for (let i = 0; i < count; i++) list[i] = reader.u32()
    groups = list
  }
  reader.position = end
  return { uid, gid, groups }
}

/** Leaves the reader at the arguments of the procedure. */
export function parseCall(reader: XdrReader): RpcCall | RpcFault {
  const xid = reader.u32()
  const direction = reader.u32()
  const rpcVersion = reader.u32()
  if (reader.fault !== undefined) return { fault: 'short', offset: reader.position }
  if (direction !== 0) return { fault: 'not-a-call', offset: 4 }
  if (rpcVersion !== 2) return { fault: 'rpc-mismatch', xid }
  const program = reader.u32()
  const version = reader.u32()
  const procedure = reader.u32()
  const flavor = reader.u32()
  const length = reader.u32()
  let caller: Caller | undefined = nobody
  if (flavor === AUTH_SYS) caller = parseAuthSys(reader, length)
  else if (length > limits.authBytes) caller = undefined
  else reader.fixed(length)
  if (caller === undefined) return { fault: 'auth', xid, reason: authStatus.AUTH_BADCRED }
  reader.u32() // verifier flavor: AUTH_NONE for both kinds of credential taken here
  reader.opaque(limits.authBytes)
  if (reader.fault !== undefined) return { fault: 'short', offset: reader.position }
  // RPCSEC_GSS and others are not offered (MNT lists AUTH_SYS only).
  if (flavor !== AUTH_SYS && flavor !== AUTH_NONE) return { fault: 'auth', xid, reason: authStatus.AUTH_TOOWEAK }
  return { xid, program, version, procedure, caller }
}

/** MSG_ACCEPTED with an empty verifier; the results follow when `status` is SUCCESS. */
export function encodeAccepted(out: XdrWriter, xid: number, status: number): void {
  const at = out.reserve(24)
  out.patch(at, xid)
  out.patch(at + 4, 1)
  out.patch(at + 8, 0)
  out.patch(at + 12, AUTH_NONE)
  out.patch(at + 16, 0)
  out.patch(at + 20, status)
}

export function encodeProgramMismatch(out: XdrWriter, xid: number, low: number, high: number): void {
  encodeAccepted(out, xid, acceptStatus.PROG_MISMATCH)
  out.u32(low)
  out.u32(high)
}

/** MSG_DENIED, RPC_MISMATCH: only version 2 is spoken. */
export function encodeRpcMismatch(out: XdrWriter, xid: number): void {
  for (const word of [xid, 1, 1, 0, 2, 2]) out.u32(word)
}

/** MSG_DENIED, AUTH_ERROR. */
export function encodeAuthError(out: XdrWriter, xid: number, reason: number): void {
  for (const word of [xid, 1, 1, 1, reason]) out.u32(word)
}
