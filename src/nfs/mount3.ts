/** MOUNT (program 100005, RFC 1813 §5): names an export and gets the handle of its root. */
import type { ExportGrant, ExportTable } from './export-table.ts'
import type { Forest } from './forest.ts'
import type { Inode } from './inode.ts'
import { limits } from './limits.ts'
import type { OpenFiles } from './open-files.ts'
import type { ProgramAnswer, RpcProgram } from './program.ts'
import { AUTH_SYS, acceptStatus } from './rpc.ts'
import type { XdrReader, XdrWriter } from './xdr.ts'

export const MOUNT_PROGRAM = 100005

/** mountstat3 */
const mountStatus = {
  MNT3_OK: 0,
  MNT3ERR_NOENT: 2,
  MNT3ERR_IO: 5,
  MNT3ERR_ACCES: 13,
  MNT3ERR_NOTDIR: 20,
  MNT3ERR_NAMETOOLONG: 63,
} as const

export interface MountOptions {
  readonly exports: ExportTable
  readonly forest: Forest
  readonly openFiles: OpenFiles
  readonly now: () => number
  readonly onMount: (clientIp: string, path: string, refusal: string | undefined) => void
}

/** `//a/./b/` → `/a/b`; undefined when it is not absolute or climbs. */
export function normalisePath(path: string): string | undefined {
  if (!path.startsWith('/') || path.includes('\0')) return undefined
  const steps = path.split('/').filter((step) => step !== '' && step !== '.')
  return steps.includes('..') ? undefined : `/${steps.join('/')}`
}

type Mounted =
  | { readonly inode: Inode; readonly status: 0 }
  | { readonly inode?: undefined; readonly status: number; readonly refusal: string }

/** Walks from the export's root to the directory that was named, which may lie below it; never through a link. */
function decideMount(options: MountOptions, clientIp: string, text: string): Mounted {
  if (text.length > limits.mountPathBytes) return { status: mountStatus.MNT3ERR_NAMETOOLONG, refusal: 'path too long' }
  const path = normalisePath(text)
  const grant: ExportGrant | undefined = path === undefined ? undefined : options.exports.forMount(clientIp, path)
  if (path === undefined || grant === undefined) {
    return { status: mountStatus.MNT3ERR_ACCES, refusal: 'no export of this path to this address' }
  }
  const tree = options.forest.tree(grant)
  if (tree === undefined) {
    return {
      status: mountStatus.MNT3ERR_NOENT,
      refusal: `${grant.dir} cannot be opened: create it or correct the table`,
    }
  }
  options.openFiles.trim(options.now())
  let inode = tree.root
  try {
    const rest = path.slice(grant.path === '/' ? 0 : grant.path.length)
    for (const step of rest.split('/')) {
      if (step === '') continue
      const next = tree.open(inode) < 0 || inode.isCovered ? undefined : tree.lookup(inode, step)
      if (next === undefined) return { status: mountStatus.MNT3ERR_NOENT, refusal: 'no such directory in the export' }
      if (next.attributes.type !== 'dir')
        return { status: mountStatus.MNT3ERR_NOTDIR, refusal: `${step} is no directory` }
      inode = next
    }
  } catch (error) {
    return { status: mountStatus.MNT3ERR_IO, refusal: error instanceof Error ? error.message : 'failed' }
  }
  return { inode, status: 0 }
}

export function mountProgram(options: MountOptions): RpcProgram {
  /** `client path`, for DUMP. Informative only: nothing depends on it. */
  const mounts = new Map<string, { readonly clientIp: string; readonly path: string }>()

  function mnt(version: number, clientIp: string, args: XdrReader, out: XdrWriter): number {
    const path = args.text(limits.recordBytes)
    if (args.fault) return acceptStatus.GARBAGE_ARGS
    if (version < 3) {
      // Handles of versions 1 and 2 have 32 bytes (RFC 1094 App. A): ours do not fit, and NFS version 2 is not served.
      out.u32(mountStatus.MNT3ERR_ACCES)
      return acceptStatus.SUCCESS
    }
    const mounted = decideMount(options, clientIp, path)
    const shown = path.slice(0, limits.mountPathBytes)
    options.onMount(clientIp, shown, mounted.inode === undefined ? mounted.refusal : undefined)
    out.u32(mounted.status)
    if (mounted.inode === undefined) return acceptStatus.SUCCESS
    out.opaque(options.forest.handle(mounted.inode))
    out.u32(1)
    out.u32(AUTH_SYS)
    if (mounts.size < limits.mountRecords) mounts.set(`${clientIp} ${shown}`, { clientIp, path: shown })
    return acceptStatus.SUCCESS
  }

  function dump(out: XdrWriter): number {
    for (const { clientIp, path } of mounts.values()) {
      out.u32(1)
      out.text(clientIp)
      out.text(path)
    }
    out.u32(0)
    return acceptStatus.SUCCESS
  }

  function umnt(clientIp: string, args: XdrReader): number {
    const path = args.text(limits.recordBytes)
    if (args.fault) return acceptStatus.GARBAGE_ARGS
    mounts.delete(`${clientIp} ${path}`)
    return acceptStatus.SUCCESS
  }

  function umntall(clientIp: string): number {
    for (const [key, mount] of mounts) if (mount.clientIp === clientIp) mounts.delete(key)
    return acceptStatus.SUCCESS
  }

  function exportList(out: XdrWriter): number {
    for (const item of options.exports.list()) {
      out.u32(1)
      out.text(Buffer.from(item.path).toString('latin1'))
      for (const client of item.clients) {
        out.u32(1)
        out.text(Buffer.from(client).toString('latin1'))
      }
      out.u32(0)
    }
    out.u32(0)
    return acceptStatus.SUCCESS
  }

  return {
    number: MOUNT_PROGRAM,
    low: 1,
    high: 3,
    call(rpc, clientIp, args, out): ProgramAnswer {
      switch (rpc.procedure) {
        case 0:
          return acceptStatus.SUCCESS
        case 1:
          return mnt(rpc.version, clientIp, args, out)
        case 2:
          return dump(out)
        case 3:
          return umnt(clientIp, args)
        case 4:
          return umntall(clientIp)
        case 5:
          return exportList(out)
        case 6: // EXPORTALL of versions 1 and 2: the same list
          return rpc.version < 3 ? exportList(out) : acceptStatus.PROC_UNAVAIL
        default:
          return acceptStatus.PROC_UNAVAIL
      }
    },
  }
}
