/** A small NFSv3 client for tests: one connection, one call at a time or many, results as plain values. */
import { connect, type Socket } from 'node:net'
import { RecordReader } from '../../src/nfs/record.ts'
import { XdrReader, XdrWriter } from '../../src/nfs/xdr.ts'

export const NFS = 100003
export const MOUNT = 100005

export interface Identity {
  readonly uid: number
  readonly gid: number
  readonly groups?: readonly number[]
}
export const root: Identity = { uid: 0, gid: 0 }

export function args(write: (out: XdrWriter) => void): Buffer {
  const out = new XdrWriter(Buffer.alloc(256))
  write(out)
  return Buffer.from(out.bytes())
}

export function callRecord(
  xid: number,
  program: number,
  version: number,
  procedure: number,
  body: Uint8Array,
  who: Identity | undefined,
): Buffer {
  return args((out) => {
    for (const word of [xid, 0, 2, program, version, procedure]) out.u32(word)
    if (who === undefined) {
      out.u32(0)
      out.u32(0)
    } else {
      out.u32(1)
      out.opaque(
        args((cred) => {
          cred.u32(0)
          cred.text('test')
          cred.u32(who.uid)
          cred.u32(who.gid)
          cred.u32(who.groups?.length ?? 0)
          for (const group of who.groups ?? []) cred.u32(group)
        }),
      )
    }
    out.u32(0)
    out.u32(0)
    out.fixed(body)
  })
}

export function framed(record: Uint8Array): Buffer {
  const mark = Buffer.alloc(4)
  mark.writeUInt32BE((0x80000000 + record.length) >>> 0)
  return Buffer.concat([mark, record])
}

export interface FileAttributes {
  type: number
  mode: number
  nlink: number
  uid: number
  gid: number
  size: number
  rdev: [number, number]
  fsid: number
  fileid: number
  atime: [number, number]
  mtime: [number, number]
  ctime: [number, number]
}

export function readAttributes(r: XdrReader): FileAttributes {
  const [type, mode, nlink, uid, gid] = [r.u32(), r.u32(), r.u32(), r.u32(), r.u32()]
  const size = r.u64()
  r.u64()
  const rdev: [number, number] = [r.u32(), r.u32()]
  const fsid = r.u64()
  const fileid = r.u64()
  const time = (): [number, number] => [r.u32(), r.u32()]
  return { type, mode, nlink, uid, gid, size, rdev, fsid, fileid, atime: time(), mtime: time(), ctime: time() }
}

export function readPostOp(r: XdrReader): FileAttributes | undefined {
  return r.bool() ? readAttributes(r) : undefined
}

export function readWcc(r: XdrReader): {
  before: { size: number; mtime: number[]; ctime: number[] } | undefined
  after: FileAttributes | undefined
} {
  const before = r.bool() ? { size: r.u64(), mtime: [r.u32(), r.u32()], ctime: [r.u32(), r.u32()] } : undefined
  return { before, after: readPostOp(r) }
}

export interface Set3 {
  mode?: number
  uid?: number
  gid?: number
  size?: number
  atime?: 'server' | [number, number]
  mtime?: 'server' | [number, number]
}

export function writeSet(out: XdrWriter, set: Set3): void {
  for (const value of [set.mode, set.uid, set.gid]) {
    out.bool(value !== undefined)
    if (value !== undefined) out.u32(value)
  }
  out.bool(set.size !== undefined)
  if (set.size !== undefined) out.u64(set.size)
  for (const time of [set.atime, set.mtime]) {
    if (time === undefined) out.u32(0)
    else if (time === 'server') out.u32(1)
    else for (const word of [2, ...time]) out.u32(word)
  }
}

export interface Entry {
  fileid: number
  name: string
  cookie: number
  attributes?: FileAttributes | undefined
  handle?: Buffer | undefined
}

export class NfsClient {
  private readonly socket: Socket
  private readonly waiting = new Map<number, { resolve: (reply: Buffer) => void; reject: (error: Error) => void }>()
  private xid = Math.floor(Math.random() * 0x7fffffff)
  who: Identity | undefined = root
  closed = false

  constructor(socket: Socket) {
    this.socket = socket
    const records = new RecordReader(4 << 20)
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('close', () => {
      this.closed = true
      for (const { reject } of this.waiting.values()) reject(new Error('connection closed'))
    })
    socket.on('data', (chunk: Buffer) => {
      records.push(chunk)
      for (;;) {
        const record = records.next()
        if (record === undefined || 'fault' in record) return
        const xid = record.readUInt32BE(0)
        this.waiting.get(xid)?.resolve(record)
        this.waiting.delete(xid)
      }
    })
  }

  static open(port: number, host = '127.0.0.1', localAddress?: string): Promise<NfsClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host, ...(localAddress === undefined ? {} : { localAddress }) }, () =>
        resolve(new NfsClient(socket)),
      )
      socket.once('error', reject)
    })
  }

  close(): void {
    this.socket.destroy()
  }

  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  /** The reply with this xid, whenever it comes. */
  expect(xid: number): Promise<Buffer> {
    return new Promise((resolve, reject) => this.waiting.set(xid, { resolve, reject }))
  }

  raw(record: Uint8Array): void {
    this.socket.write(framed(record))
  }

  rawBytes(bytes: Uint8Array): void {
    this.socket.write(bytes)
  }

  /** The reply from the xid on. */
  exchange(
    program: number,
    version: number,
    procedure: number,
    body: Uint8Array,
    xid = ++this.xid >>> 0,
  ): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.waiting.set(xid, { resolve, reject })
      this.raw(callRecord(xid, program, version, procedure, body, this.who))
    })
  }

  /** A reader at the results of an accepted call; throws with the accept status otherwise. */
  async call(program: number, procedure: number, body: Uint8Array, xid?: number): Promise<XdrReader> {
    const reader = new XdrReader(await this.exchange(program, 3, procedure, body, xid))
    const [, , denied] = [reader.u32(), reader.u32(), reader.u32()]
    reader.u32()
    reader.u32()
    const accept = reader.u32()
    if (denied !== 0 || accept !== 0) throw new Error(`rpc refused: ${denied} ${accept}`)
    return reader
  }

  nfs(procedure: number, body: Uint8Array, xid?: number): Promise<XdrReader> {
    return this.call(NFS, procedure, body, xid)
  }

  async mount(path: string): Promise<{ status: number; handle: Buffer }> {
    const r = await this.call(
      MOUNT,
      1,
      args((out) => out.text(path)),
    )
    const status = r.u32()
    return { status, handle: status === 0 ? Buffer.from(r.opaque(64)) : Buffer.alloc(0) }
  }

  async getattr(handle: Buffer): Promise<{ status: number; attributes?: FileAttributes }> {
    const r = await this.nfs(
      1,
      args((out) => out.opaque(handle)),
    )
    const status = r.u32()
    return status === 0 ? { status, attributes: readAttributes(r) } : { status }
  }

  async setattr(handle: Buffer, set: Set3, guard?: number[]) {
    const r = await this.nfs(
      2,
      args((out) => {
        out.opaque(handle)
        writeSet(out, set)
        out.bool(guard !== undefined)
        for (const word of guard ?? []) out.u32(word)
      }),
    )
    return { status: r.u32(), wcc: readWcc(r) }
  }

  async lookup(
    directory: Buffer,
    name: string,
  ): Promise<{ status: number; handle: Buffer; attributes?: FileAttributes | undefined }> {
    const r = await this.nfs(
      3,
      args((out) => {
        out.opaque(directory)
        out.text(name)
      }),
    )
    const status = r.u32()
    if (status !== 0) return { status, handle: Buffer.alloc(0) }
    return { status, handle: Buffer.from(r.opaque(64)), attributes: readPostOp(r) }
  }

  async walk(directory: Buffer, path: string): Promise<Buffer> {
    let handle = directory
    for (const name of path.split('/')) {
      const found = await this.lookup(handle, name)
      if (found.status !== 0) throw new Error(`LOOKUP ${name}: ${found.status}`)
      handle = found.handle
    }
    return handle
  }

  async access(handle: Buffer, wanted = 0x3f): Promise<{ status: number; granted: number }> {
    const r = await this.nfs(
      4,
      args((out) => {
        out.opaque(handle)
        out.u32(wanted)
      }),
    )
    const status = r.u32()
    readPostOp(r)
    return { status, granted: status === 0 ? r.u32() : 0 }
  }

  async readlink(handle: Buffer): Promise<{ status: number; text: string }> {
    const r = await this.nfs(
      5,
      args((out) => out.opaque(handle)),
    )
    const status = r.u32()
    readPostOp(r)
    return { status, text: status === 0 ? r.text(5000) : '' }
  }

  async read(handle: Buffer, offset: number, count: number) {
    const r = await this.nfs(
      6,
      args((out) => {
        out.opaque(handle)
        out.u64(offset)
        out.u32(count)
      }),
    )
    const status = r.u32()
    const attributes = readPostOp(r)
    if (status !== 0) return { status, eof: false, data: Buffer.alloc(0), attributes }
    const got = r.u32()
    const eof = r.bool()
    const data = r.opaque(2 << 20)
    if (data.length !== got || r.fault || r.remaining !== 0) throw new Error('READ result is not well formed')
    return { status, eof, data, attributes }
  }

  async write(handle: Buffer, offset: number, data: Uint8Array, stable = 0) {
    const r = await this.nfs(
      7,
      args((out) => {
        out.opaque(handle)
        out.u64(offset)
        out.u32(data.length)
        out.u32(stable)
        out.opaque(data)
      }),
    )
    const status = r.u32()
    const wcc = readWcc(r)
    if (status !== 0) return { status, wcc, count: 0, committed: 0, verifier: '' }
    return { status, wcc, count: r.u32(), committed: r.u32(), verifier: r.fixed(8).toString('hex') }
  }

  private async made(procedure: number, body: Buffer, xid?: number) {
    const r = await this.nfs(procedure, body, xid)
    const status = r.u32()
    if (status !== 0) return { status, handle: Buffer.alloc(0), attributes: undefined, wcc: readWcc(r) }
    const handle = r.bool() ? Buffer.from(r.opaque(64)) : Buffer.alloc(0)
    return { status, handle, attributes: readPostOp(r), wcc: readWcc(r) }
  }

  create(directory: Buffer, name: string, how: 'unchecked' | 'guarded' | Buffer, set: Set3 = {}, xid?: number) {
    return this.made(
      8,
      args((out) => {
        out.opaque(directory)
        out.text(name)
        out.u32(how === 'unchecked' ? 0 : how === 'guarded' ? 1 : 2)
        if (typeof how === 'string') writeSet(out, set)
        else out.fixed(how)
      }),
      xid,
    )
  }

  mkdir(directory: Buffer, name: string, set: Set3 = {}) {
    return this.made(
      9,
      args((out) => {
        out.opaque(directory)
        out.text(name)
        writeSet(out, set)
      }),
    )
  }

  symlink(directory: Buffer, name: string, text: string, set: Set3 = {}) {
    return this.made(
      10,
      args((out) => {
        out.opaque(directory)
        out.text(name)
        writeSet(out, set)
        out.text(text)
      }),
    )
  }

  mknod(directory: Buffer, name: string, type: number, set: Set3 = {}, device: [number, number] = [0, 0]) {
    return this.made(
      11,
      args((out) => {
        out.opaque(directory)
        out.text(name)
        out.u32(type)
        if (type !== 1 && type !== 2 && type !== 5) writeSet(out, set)
        if (type === 3 || type === 4) for (const word of device) out.u32(word)
      }),
    )
  }

  async remove(directory: Buffer, name: string, xid?: number) {
    const r = await this.nfs(
      12,
      args((out) => {
        out.opaque(directory)
        out.text(name)
      }),
      xid,
    )
    return { status: r.u32(), wcc: readWcc(r) }
  }

  async rmdir(directory: Buffer, name: string) {
    const r = await this.nfs(
      13,
      args((out) => {
        out.opaque(directory)
        out.text(name)
      }),
    )
    return { status: r.u32(), wcc: readWcc(r) }
  }

  async rename(from: Buffer, fromName: string, to: Buffer, toName: string) {
    const r = await this.nfs(
      14,
      args((out) => {
        out.opaque(from)
        out.text(fromName)
        out.opaque(to)
        out.text(toName)
      }),
    )
    return { status: r.u32(), from: readWcc(r), to: readWcc(r) }
  }

  async link(file: Buffer, directory: Buffer, name: string) {
    const r = await this.nfs(
      15,
      args((out) => {
        out.opaque(file)
        out.opaque(directory)
        out.text(name)
      }),
    )
    return { status: r.u32(), attributes: readPostOp(r), wcc: readWcc(r) }
  }

  async readdir(directory: Buffer, cookie = 0, verifier: Buffer = Buffer.alloc(8), count = 8192) {
    const r = await this.nfs(
      16,
      args((out) => {
        out.opaque(directory)
        out.u64(cookie)
        out.fixed(verifier)
        out.u32(count)
      }),
    )
    return this.entries(r, false)
  }

  async readdirplus(
    directory: Buffer,
    cookie = 0,
    verifier: Buffer = Buffer.alloc(8),
    dircount = 8192,
    maxcount = 32768,
  ) {
    const r = await this.nfs(
      17,
      args((out) => {
        out.opaque(directory)
        out.u64(cookie)
        out.fixed(verifier)
        out.u32(dircount)
        out.u32(maxcount)
      }),
    )
    return this.entries(r, true)
  }

  private entries(r: XdrReader, isPlus: boolean) {
    const status = r.u32()
    const start = r.position
    const attributes = readPostOp(r)
    const entries: Entry[] = []
    if (status !== 0) return { status, attributes, verifier: Buffer.alloc(8), entries, eof: false, bytes: 0 }
    const verifier = Buffer.from(r.fixed(8))
    while (r.bool()) {
      const entry: Entry = { fileid: r.u64(), name: r.text(256), cookie: r.u64() }
      if (isPlus) {
        entry.attributes = readPostOp(r)
        entry.handle = r.bool() ? Buffer.from(r.opaque(64)) : undefined
      }
      entries.push(entry)
    }
    const eof = r.bool()
    if (r.fault || r.remaining !== 0) throw new Error('READDIR result is not well formed')
    return { status, attributes, verifier, entries, eof, bytes: r.position - start }
  }

  /** All entries, continued until the end. */
  async list(
    directory: Buffer,
    count = 4096,
    isPlus = false,
    between?: (names: string[]) => Promise<void>,
  ): Promise<string[]> {
    const names: string[] = []
    let cookie = 0
    let verifier = Buffer.alloc(8)
    for (;;) {
      const part = isPlus
        ? await this.readdirplus(directory, cookie, verifier, count, count * 8)
        : await this.readdir(directory, cookie, verifier, count)
      if (part.status !== 0) throw new Error(`READDIR ${part.status}`)
      const now = part.entries.map((entry) => entry.name)
      names.push(...now)
      if (part.eof) return names
      cookie = part.entries.at(-1)!.cookie
      verifier = part.verifier
      await between?.(now)
    }
  }

  async commit(handle: Buffer) {
    const r = await this.nfs(
      21,
      args((out) => {
        out.opaque(handle)
        out.u64(0)
        out.u32(0)
      }),
    )
    const status = r.u32()
    const wcc = readWcc(r)
    return { status, wcc, verifier: status === 0 ? r.fixed(8).toString('hex') : '' }
  }
}
