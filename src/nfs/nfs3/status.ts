/** nfsstat3 (RFC 1813 §2.6) and where each comes from. */
export const nfsStatus = {
  NFS3_OK: 0,
  NFS3ERR_PERM: 1,
  NFS3ERR_NOENT: 2,
  NFS3ERR_IO: 5,
  NFS3ERR_NXIO: 6,
  NFS3ERR_ACCES: 13,
  NFS3ERR_EXIST: 17,
  NFS3ERR_XDEV: 18,
  NFS3ERR_NODEV: 19,
  NFS3ERR_NOTDIR: 20,
  NFS3ERR_ISDIR: 21,
  NFS3ERR_INVAL: 22,
  NFS3ERR_FBIG: 27,
  NFS3ERR_NOSPC: 28,
  NFS3ERR_ROFS: 30,
  NFS3ERR_MLINK: 31,
  NFS3ERR_NAMETOOLONG: 63,
  NFS3ERR_NOTEMPTY: 66,
  NFS3ERR_DQUOT: 69,
  NFS3ERR_STALE: 70,
  NFS3ERR_BADHANDLE: 10001,
  NFS3ERR_NOT_SYNC: 10002,
  NFS3ERR_BAD_COOKIE: 10003,
  NFS3ERR_NOTSUPP: 10004,
  NFS3ERR_TOOSMALL: 10005,
  NFS3ERR_SERVERFAULT: 10006,
  NFS3ERR_BADTYPE: 10007,
  NFS3ERR_JUKEBOX: 10008,
} as const
export type NfsStatus = (typeof nfsStatus)[keyof typeof nfsStatus]

const byErrno: Readonly<Record<string, NfsStatus>> = {
  EPERM: nfsStatus.NFS3ERR_PERM,
  ENOENT: nfsStatus.NFS3ERR_NOENT,
  EIO: nfsStatus.NFS3ERR_IO,
  ENXIO: nfsStatus.NFS3ERR_NXIO,
  EACCES: nfsStatus.NFS3ERR_ACCES,
  EEXIST: nfsStatus.NFS3ERR_EXIST,
  EXDEV: nfsStatus.NFS3ERR_XDEV,
  ENODEV: nfsStatus.NFS3ERR_NODEV,
  ENOTDIR: nfsStatus.NFS3ERR_NOTDIR,
  EISDIR: nfsStatus.NFS3ERR_ISDIR,
  EINVAL: nfsStatus.NFS3ERR_INVAL,
  EFBIG: nfsStatus.NFS3ERR_FBIG,
  ENOSPC: nfsStatus.NFS3ERR_NOSPC,
  EROFS: nfsStatus.NFS3ERR_ROFS,
  EMLINK: nfsStatus.NFS3ERR_MLINK,
  ENAMETOOLONG: nfsStatus.NFS3ERR_NAMETOOLONG,
  ENOTEMPTY: nfsStatus.NFS3ERR_NOTEMPTY,
  EDQUOT: nfsStatus.NFS3ERR_DQUOT,
  ESTALE: nfsStatus.NFS3ERR_STALE,
  // A symbolic link stands where a directory or file was a moment ago (O_NOFOLLOW): what was meant is gone.
  ELOOP: nfsStatus.NFS3ERR_STALE,
  EOPNOTSUPP: nfsStatus.NFS3ERR_NOTSUPP,
  ENOTSUP: nfsStatus.NFS3ERR_NOTSUPP,
  // The server machine is short of something: the client shall try again.
  EMFILE: nfsStatus.NFS3ERR_JUKEBOX,
  ENFILE: nfsStatus.NFS3ERR_JUKEBOX,
  ENOMEM: nfsStatus.NFS3ERR_JUKEBOX,
  EAGAIN: nfsStatus.NFS3ERR_JUKEBOX,
  // Device file systems and swap files: the file may not be changed now.
  ETXTBSY: nfsStatus.NFS3ERR_ACCES,
  EBUSY: nfsStatus.NFS3ERR_ACCES,
}

/** What a failed system call means to the client; undefined when it is no system error but a fault of ours. */
export function statusOfError(error: unknown): NfsStatus | undefined {
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  if (typeof code !== 'string' || !code.startsWith('E')) return undefined
  // A number from the client that Node does not take: a user id, a time, an offset.
  if (code === 'ERR_OUT_OF_RANGE') return nfsStatus.NFS3ERR_INVAL
  if (code.startsWith('ERR_')) return undefined
  return byErrno[code] ?? nfsStatus.NFS3ERR_IO
}
