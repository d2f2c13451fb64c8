/** May this caller do that: the checks the kernel would make, made here because the server itself runs as root. */
import type { Attributes } from './attributes.ts'
import type { Caller } from './rpc.ts'

export const MAY_READ = 4
export const MAY_WRITE = 2
export const MAY_EXECUTE = 1

export function isInGroup(caller: Caller, gid: number): boolean {
  return caller.gid === gid || caller.groups.includes(gid)
}

/** Mode bits only: ACLs are not looked at. Root may do all but execute a file that nobody may execute. */
export function permits(caller: Caller, file: Attributes, want: number): boolean {
  if (caller.uid === 0) return (want & MAY_EXECUTE) === 0 || file.type === 'dir' || (file.mode & 0o111) !== 0
  const bits = caller.uid === file.uid ? file.mode >> 6 : isInGroup(caller, file.gid) ? file.mode >> 3 : file.mode
  return (bits & want) === want
}

/** READ, WRITE, COMMIT: the owner may always, since open files keep working after a chmod (RFC 1813 §4.4). */
export function permitsOpenFile(caller: Caller, file: Attributes, want: number): boolean {
  if (caller.uid === 0 || caller.uid === file.uid) return true
  if (permits(caller, file, want)) return true
  // A program that may only be executed must still be paged in (RFC 1813 §4.4).
  return want === MAY_READ && permits(caller, file, MAY_EXECUTE)
}

/** Sticky directories: only the owner of the entry or of the directory may remove or rename it. */
export function permitsRemoval(caller: Caller, directory: Attributes, entry: Attributes): boolean {
  if (caller.uid === 0 || (directory.mode & 0o1000) === 0) return true
  return caller.uid === entry.uid || caller.uid === directory.uid
}
