/** What a name stands for: a chain of routes, the first that knows the name answers. */
import { realpath } from 'node:fs/promises'
import { join, sep } from 'node:path'

export interface TftpClient {
  readonly ip: string
  readonly port: number
}

export type TftpContent =
  /** Rendered now; sent as it is, so it must not change afterwards. */
  | { readonly kind: 'bytes'; readonly data: Buffer }
  /** A file of the disk, by a path that the route has checked. */
  | { readonly kind: 'file'; readonly path: string }
  /** Ends the chain: `code` is a TFTP error code. */
  | { readonly kind: 'refused'; readonly code: number; readonly message: string }

/** @param name relative, without tftpdir, `..`, `//` or backslashes (see `parseName`) */
export type TftpRoute = (name: string, client: TftpClient) => TftpContent | undefined | Promise<TftpContent | undefined>

/** Files below `root`, and nothing that a symlink leads to elsewhere. */
export function diskRoute(root: string): TftpRoute {
  return async (name) => {
    let path: string
    let top: string
    try {
      // Both at each request: the root itself may be a link that is switched over.
      ;[top, path] = await Promise.all([realpath(root), realpath(join(root, name))])
    } catch {
      return undefined
    }
    if (path.startsWith(top === sep ? sep : top + sep)) return { kind: 'file', path }
    return { kind: 'refused', code: 2, message: 'outside the TFTP root' }
  }
}
