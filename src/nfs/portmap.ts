/** Portmapper version 2 and rpcbind versions 3 and 4 (RFC 1833): where the other programs are. Nothing can be registered. */
import type { RpcProgram } from './program.ts'
import { acceptStatus } from './rpc.ts'
import type { XdrReader, XdrWriter } from './xdr.ts'

export const PORTMAP_PROGRAM = 100000
export const PORTMAP_PORT = 111

export interface Registration {
  readonly program: number
  readonly version: number
  readonly netid: 'tcp' | 'udp'
  readonly port: number
}

const PROTOCOLS = { tcp: 6, udp: 17 } as const
const OWNER = 'liteboot'
/** Texts of an rpcb: netid, address, owner. */
const TEXT_BYTES = 256
const UNIVERSAL = /^(\d{1,3}(?:\.\d{1,3}){3})\.\d{1,3}\.\d{1,3}$/

/** RFC 5665 §5.2.3.3: address and port as six decimal numbers. */
export function universalAddress(host: string, port: number): string {
  return `${host}.${port >> 8}.${port & 255}`
}

export function portmapProgram(registrations: readonly Registration[], host: string): RpcProgram {
  /** As rpcbind does: another version of the program is better than nothing, the client then learns which (PROG_MISMATCH). */
  function find(program: number, version: number, netid: string): Registration | undefined {
    const offered = registrations.filter((r) => r.program === program && r.netid === netid)
    return offered.find((r) => r.version === version) ?? offered[0]
  }

  function getPort(args: XdrReader, out: XdrWriter): number {
    const program = args.u32()
    const version = args.u32()
    const protocol = args.u32()
    args.u32()
    if (args.fault) return acceptStatus.GARBAGE_ARGS
    const netid = protocol === PROTOCOLS.tcp ? 'tcp' : protocol === PROTOCOLS.udp ? 'udp' : ''
    out.u32(find(program, version, netid)?.port ?? 0)
    return acceptStatus.SUCCESS
  }

  function dump2(out: XdrWriter): number {
    for (const r of registrations)
      for (const word of [1, r.program, r.version, PROTOCOLS[r.netid], r.port]) out.u32(word)
    out.u32(0)
    return acceptStatus.SUCCESS
  }

  /** RPCBPROC_GETADDR. The caller says how it reached us: on a server with several addresses that is the one to use. */
  function getAddress(args: XdrReader, out: XdrWriter, isExact: boolean): number {
    const program = args.u32()
    const version = args.u32()
    const netid = args.text(TEXT_BYTES)
    const reachedAt = UNIVERSAL.exec(args.text(TEXT_BYTES))?.[1]
    args.text(TEXT_BYTES)
    if (args.fault) return acceptStatus.GARBAGE_ARGS
    const found = find(program, version, netid)
    const isFit = found !== undefined && (!isExact || found.version === version)
    out.text(isFit ? universalAddress(host === '0.0.0.0' ? (reachedAt ?? host) : host, found.port) : '')
    return acceptStatus.SUCCESS
  }

  function dump4(out: XdrWriter): number {
    for (const r of registrations) {
      out.u32(1)
      out.u32(r.program)
      out.u32(r.version)
      out.text(r.netid)
      out.text(universalAddress(host, r.port))
      out.text(OWNER)
    }
    out.u32(0)
    return acceptStatus.SUCCESS
  }

  return {
    number: PORTMAP_PROGRAM,
    low: 2,
    high: 4,
    call(rpc, _clientIp, args, out) {
      const isOld = rpc.version === 2
      switch (rpc.procedure) {
        case 0:
          return acceptStatus.SUCCESS
        case 1: // SET, UNSET: false
        case 2:
          out.bool(false)
          return acceptStatus.SUCCESS
        case 3:
          return isOld ? getPort(args, out) : getAddress(args, out, false)
        case 4:
          return isOld ? dump2(out) : dump4(out)
        case 9: // RPCBPROC_GETVERSADDR
          return rpc.version === 4 ? getAddress(args, out, true) : acceptStatus.PROC_UNAVAIL
        default:
          // CALLIT and its like are for broadcasts and good for amplified attacks only.
          return acceptStatus.PROC_UNAVAIL
      }
    },
  }
}
