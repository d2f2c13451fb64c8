/**
 * Our XDR, RPC and NFS3 code beside the package `@jsonjoy.com/json-pack`, in one run. Not part of the tests: the package
 * is not a dependency. docs/dependencies.md has the command and the figures.
 *
 *     npm install --prefix DIR @jsonjoy.com/json-pack@18.28.0
 *     node test/nfs/xdr-compare.ts DIR
 */
import { deepEqual, equal } from 'node:assert/strict'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import type { Attributes } from '../../src/nfs/attributes.ts'
import { encodeAttributes, encodePostOp } from '../../src/nfs/nfs3/structures.ts'
import { encodeAccepted, parseCall } from '../../src/nfs/rpc.ts'
import { XdrReader, XdrWriter } from '../../src/nfs/xdr.ts'
import { args, callRecord, NFS, root } from './client.ts'

const ROUNDS = 15
const SLICE_MS = 150
const BATCH = 200
const HANDLE_BYTES = 44
const READ_BYTES = 4096
const XID = 0x1234_5678
const GETATTR = 1
const LOOKUP = 3
const READ = 6

/** The parts of the package that are called here. */
interface JsonPack {
  readonly Reader: new (bytes: Uint8Array) => object
  readonly RpcMessageDecoder: new () => { decodeMessage(reader: object): { proc: number; params: object } | undefined }
  readonly Nfsv3Decoder: new () => { decodeMessage(reader: object, proc: number, isRequest: boolean): unknown }
  readonly FullNfsv3Encoder: new () => {
    encodeAcceptedReply(xid: number, proc: number, verf: object, response: object): Uint8Array
  }
  readonly RpcOpaqueAuth: new (flavor: number, body: object) => object
  readonly structs: Readonly<Record<string, new (...fields: unknown[]) => object>>
  readonly messages: Readonly<Record<string, new (...fields: unknown[]) => object>>
}

function loadJsonPack(directory: string): JsonPack {
  const load = createRequire(join(resolve(directory), 'package.json'))
  const part = (name: string) => load(`@jsonjoy.com/json-pack/lib/${name}`)
  return {
    Reader: load('@jsonjoy.com/buffers/lib/Reader').Reader,
    RpcMessageDecoder: part('rpc/RpcMessageDecoder').RpcMessageDecoder,
    Nfsv3Decoder: part('nfs/v3/Nfsv3Decoder').Nfsv3Decoder,
    FullNfsv3Encoder: part('nfs/v3/FullNfsv3Encoder').FullNfsv3Encoder,
    RpcOpaqueAuth: part('rpc/messages').RpcOpaqueAuth,
    structs: part('nfs/v3/structs'),
    messages: part('nfs/v3/messages'),
  }
}

const attributes: Attributes = {
  type: 'reg',
  mode: 0o644,
  nlink: 1,
  uid: 0,
  gid: 0,
  size: 123_456,
  usedBytes: 126_976,
  rdevMajor: 0,
  rdevMinor: 0,
  device: 2049,
  inoHigh: 0,
  inoLow: 4_711_000,
  birthNs: 0n,
  atimeSeconds: 1_790_000_000,
  atimeNanos: 1,
  mtimeSeconds: 1_790_000_001,
  mtimeNanos: 2,
  ctimeSeconds: 1_790_000_002,
  ctimeNanos: 3,
}
const FSID = 77
const handle = Buffer.alloc(HANDLE_BYTES, 0xa5)
const content = Buffer.alloc(READ_BYTES, 0x5a)
const lookupCall = callRecord(
  XID,
  NFS,
  3,
  LOOKUP,
  args((out) => {
    out.opaque(handle)
    out.text('libsystemd-shared-252.so')
  }),
  root,
)
const readCall = callRecord(
  XID,
  NFS,
  3,
  READ,
  args((out) => {
    out.opaque(handle)
    out.u64(1_048_576)
    out.u32(131_072)
  }),
  root,
)

interface Contest {
  readonly name: string
  ours(): unknown
  theirs(): unknown
}

/** Decoding: from the record to the arguments. Ours includes the AUTH_SYS credential, which the package leaves opaque. */
function decodeContests(pack: JsonPack): Contest[] {
  const rpc = new pack.RpcMessageDecoder()
  const nfs = new pack.Nfsv3Decoder()
  const theirs = (record: Uint8Array) => {
    const call = rpc.decodeMessage(new pack.Reader(record))
    return call && nfs.decodeMessage(call.params, call.proc, true)
  }
  const ours = <T>(record: Buffer, read: (reader: XdrReader) => T) => {
    const reader = new XdrReader(record)
    const call = parseCall(reader)
    const parsed = read(reader)
    if ('fault' in call || reader.fault !== undefined) throw new Error('the call was not understood')
    return { call, parsed }
  }
  return [
    {
      name: 'decode LOOKUP call',
      ours: () => ours(lookupCall, (reader) => ({ handle: reader.opaque(64), name: reader.text(1024) })),
      theirs: () => theirs(lookupCall),
    },
    {
      name: 'decode READ call',
      ours: () => ours(readCall, (r) => ({ handle: r.opaque(64), offset: r.u64(), count: r.u32() })),
      theirs: () => theirs(readCall),
    },
  ]
}

/** Encoding: from what the server knows of a file to the record. The package needs an object for every structure. */
function encodeContests(pack: JsonPack): Contest[] {
  const out = new XdrWriter(Buffer.alloc(8192))
  const record = (write: () => void) => {
    out.truncate(0)
    const mark = out.reserve(4)
    encodeAccepted(out, XID, 0)
    out.u32(0)
    write()
    out.patch(mark, (0x80000000 + out.length - 4) >>> 0)
    return out.bytes()
  }
  const encoder = new pack.FullNfsv3Encoder()
  const none = new pack.RpcOpaqueAuth(0, new pack.Reader(new Uint8Array(0)))
  const make = (room: JsonPack['structs'], name: string, ...fields: unknown[]) => {
    const Made = room[name]
    if (Made === undefined) throw new Error(`json-pack has no ${name}`)
    return new Made(...fields)
  }
  const time = (seconds: number, nanos: number) => make(pack.structs, 'Nfsv3Time', seconds, nanos)
  const fattr = (a: Attributes) =>
    make(
      pack.structs,
      'Nfsv3Fattr',
      1,
      a.mode,
      a.nlink,
      a.uid,
      a.gid,
      BigInt(a.size),
      BigInt(a.usedBytes),
      make(pack.structs, 'Nfsv3SpecData', a.rdevMajor, a.rdevMinor),
      BigInt(FSID),
      BigInt(a.inoHigh) * 0x100000000n + BigInt(a.inoLow),
      time(a.atimeSeconds, a.atimeNanos),
      time(a.mtimeSeconds, a.mtimeNanos),
      time(a.ctimeSeconds, a.ctimeNanos),
    )
  const getattrReply = () =>
    make(pack.messages, 'Nfsv3GetattrResponse', 0, make(pack.messages, 'Nfsv3GetattrResOk', fattr(attributes)))
  const readReply = () => {
    const after = make(pack.structs, 'Nfsv3PostOpAttr', true, fattr(attributes))
    return make(
      pack.messages,
      'Nfsv3ReadResponse',
      0,
      make(pack.messages, 'Nfsv3ReadResOk', after, READ_BYTES, false, content),
    )
  }
  const oursGetattr = () => record(() => encodeAttributes(out, attributes, FSID))
  const oursRead = () =>
    record(() => {
      encodePostOp(out, attributes, FSID)
      out.u32(READ_BYTES)
      out.bool(false)
      out.opaque(content)
    })
  const readyGetattr = getattrReply()
  const readyRead = readReply()
  return [
    {
      name: 'encode GETATTR reply',
      ours: oursGetattr,
      theirs: () => encoder.encodeAcceptedReply(XID, GETATTR, none, getattrReply()),
    },
    {
      name: 'encode GETATTR reply, objects made before',
      ours: oursGetattr,
      theirs: () => encoder.encodeAcceptedReply(XID, GETATTR, none, readyGetattr),
    },
    {
      name: 'encode READ reply, 4 KiB',
      ours: oursRead,
      theirs: () => encoder.encodeAcceptedReply(XID, READ, none, readReply()),
    },
    {
      name: 'encode READ reply, 4 KiB, objects made before',
      ours: oursRead,
      theirs: () => encoder.encodeAcceptedReply(XID, READ, none, readyRead),
    },
  ]
}

let sink: unknown

/** @returns operations a second */
function measure(work: () => unknown): number {
  const began = performance.now()
  let done = 0
  while (performance.now() - began < SLICE_MS) {
    for (let i = 0; i < BATCH; i++) sink = work()
    done += BATCH
  }
  return (done * 1000) / (performance.now() - began)
}

const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b)
const median = (values: readonly number[]) => sorted(values)[values.length >> 1] ?? 0

function contest({ name, ours, theirs }: Contest): string {
  measure(ours)
  measure(theirs)
  const rounds = Array.from({ length: ROUNDS }, () => ({ ours: measure(ours), theirs: measure(theirs) }))
  const ratios = sorted(rounds.map((round) => round.ours / round.theirs))
  const ops = (values: number[]) => Math.round(median(values)).toLocaleString('en')
  const spread = `${ratios[0]?.toFixed(1)}–${ratios.at(-1)?.toFixed(1)}`
  const cells = [name, ops(rounds.map((r) => r.ours)), ops(rounds.map((r) => r.theirs))]
  return `| ${[...cells, `${median(ratios).toFixed(1)} (${spread})`].join(' | ')} |`
}

/** What matters as much as speed: what happens to names that are not UTF-8, and to lengths that lie. */
function findings(pack: JsonPack): string[] {
  const rpc = new pack.RpcMessageDecoder()
  const nfs = new pack.Nfsv3Decoder()
  const decode = (procedure: number, body: Buffer) => {
    const call = rpc.decodeMessage(new pack.Reader(callRecord(XID, NFS, 3, procedure, body, root)))
    return call && nfs.decodeMessage(call.params, call.proc, true)
  }
  const named = (bytes: string) =>
    args((out) => {
      out.opaque(handle)
      out.text(bytes)
    })
  const name = (bytes: string) => (decode(LOOKUP, named(bytes)) as { what?: { name?: string } } | undefined)?.what?.name
  const lying = args((out) => {
    out.u32(0xfffffff0)
    out.fixed(Buffer.alloc(8))
  })
  const long = (decode(GETATTR, lying) as { object?: { data?: Uint8Array } } | undefined)?.object?.data
  const large = args((out) => out.opaque(Buffer.alloc(4096)))
  const tooLong = (decode(GETATTR, large) as { object?: { data?: Uint8Array } } | undefined)?.object?.data
  return [
    `the names 61 ff and 61 c3 bf become ${JSON.stringify(name('a\xff'))} and ${JSON.stringify(name('a\xc3\xbf'))}: ` +
      (name('a\xff') === name('a\xc3\xbf') ? 'two files, one name' : 'different names'),
    `a file handle said to be 4294967280 bytes long, with 8 behind it: ${long ? `accepted, ${long.length} bytes` : 'refused'}`,
    `a file handle of 4096 bytes (at most 64 are allowed): ${tooLong ? `accepted, ${tooLong.length} bytes` : 'refused'}`,
  ]
}

const directory = process.argv[2]
if (directory === undefined) {
  process.stderr.write('usage: node test/nfs/xdr-compare.ts DIRECTORY_WITH_JSON_PACK_INSTALLED\n')
  process.exitCode = 2
} else {
  const pack = loadJsonPack(directory)
  const encoding = encodeContests(pack)
  // Only equal work is compared: both must write the same bytes.
  for (const { name, ours, theirs } of encoding)
    deepEqual(Buffer.from(ours() as Buffer), Buffer.from(theirs() as Uint8Array), name)
  for (const { name, theirs } of decodeContests(pack)) equal(typeof theirs(), 'object', name)
  process.stdout.write(
    '| | ours, a second | json-pack, a second | ratio: median (lowest–highest) |\n|---|---|---|---|\n',
  )
  for (const entry of [...decodeContests(pack), ...encoding]) process.stdout.write(`${contest(entry)}\n`)
  process.stdout.write(`\n${findings(pack).join('\n')}\n`)
  if (sink === undefined) process.exitCode = 1
}
