/** The 22 procedures of NFS version 3 in the order of their numbers (RFC 1813 §3.3). */
import { access, getattr, setattr } from './attributes.ts'
import type { Procedure } from './call.ts'
import { create, mkdir, symlink } from './create.ts'
import { fsinfo, fsstat, nullProcedure, pathconf } from './filesystem.ts'
import { lookup, readlink } from './lookup.ts'
import { mknod } from './mknod.ts'
import { read } from './read.ts'
import { readdir, readdirplus } from './readdir.ts'
import { remove, rmdir } from './remove.ts'
import { link, rename } from './rename.ts'
import { commit, write } from './write.ts'

export const procedures: readonly Procedure[] = [
  nullProcedure,
  getattr,
  setattr,
  lookup,
  access,
  readlink,
  read,
  write,
  create,
  mkdir,
  symlink,
  mknod,
  remove,
  rmdir,
  rename,
  link,
  readdir,
  readdirplus,
  fsstat,
  fsinfo,
  pathconf,
  commit,
]
