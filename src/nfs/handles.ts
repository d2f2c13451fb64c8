/**
 * File handles: 44 bytes that name one file of one export and cannot be made by a client.
 *
 *   0 version (1) · 3 zero bytes · 4 export id · 4 device (0: the export's own) · 8 inode number · 8 birth time in ns ·
 *   16 HMAC-SHA256, truncated
 *
 * The birth time tells a reused inode number from the old file (Node cannot ask for i_generation); file systems
 * that do not keep it answer 0. No path is inside: a rename changes nothing, and nothing is disclosed.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

export const HANDLE_BYTES = 44
const BODY_BYTES = 28
const VERSION = 1

export interface HandleFields {
  readonly exportId: number
  readonly device: number
  readonly inoHigh: number
  readonly inoLow: number
  readonly birthNs: bigint
}

function mac(key: Buffer, body: Buffer): Buffer {
  return createHmac('sha256', key)
    .update(body)
    .digest()
    .subarray(0, HANDLE_BYTES - BODY_BYTES)
}

export function encodeHandle(key: Buffer, fields: HandleFields): Buffer {
  const handle = Buffer.alloc(HANDLE_BYTES)
  handle[0] = VERSION
  handle.writeUInt32BE(fields.exportId, 4)
  handle.writeUInt32BE(fields.device, 8)
  handle.writeUInt32BE(fields.inoHigh, 12)
  handle.writeUInt32BE(fields.inoLow, 16)
  handle.writeBigUInt64BE(BigInt.asUintN(64, fields.birthNs), 20)
  handle.set(mac(key, handle.subarray(0, BODY_BYTES)), BODY_BYTES)
  return handle
}

/** Reads the fields; says nothing about authenticity. undefined: not one of our handles (NFS3ERR_BADHANDLE). */
export function parseHandle(handle: Buffer): HandleFields | undefined {
  if (handle.length !== HANDLE_BYTES || handle.readUInt32BE(0) !== VERSION * 0x1000000) return undefined
  return {
    exportId: handle.readUInt32BE(4),
    device: handle.readUInt32BE(8),
    inoHigh: handle.readUInt32BE(12),
    inoLow: handle.readUInt32BE(16),
    birthNs: handle.readBigUInt64BE(20),
  }
}

/** True when this server (or one with the same key) made the handle. */
export function isAuthentic(key: Buffer, handle: Buffer): boolean {
  return (
    handle.length === HANDLE_BYTES &&
    timingSafeEqual(mac(key, handle.subarray(0, BODY_BYTES)), handle.subarray(BODY_BYTES))
  )
}

/** Same bytes, compared in constant time: for a handle whose authentic form is known (no MAC needed). */
export function isSameHandle(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
