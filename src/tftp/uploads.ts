/** Write requests, into one directory that the administrator named: new plain files only, bounded, complete or absent. */
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, link, lstat, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { UPLOADS_MAX } from './limits.ts'
import type { Negotiated } from './options.ts'
import { ERROR_CODE } from './packet.ts'
import type { Session, SessionEnd } from './read-session.ts'
import type { ClientPort } from './sockets.ts'
import { WriteSession } from './write-session.ts'

export interface UploadOptions {
  readonly directory: string
  readonly maxBytes: number
}
export interface Refusal {
  readonly code: number
  readonly message: string
}

/** A file that is being written beside its final name. */
export class UploadFile {
  readonly #directory: string
  readonly #name: string
  readonly #partial: string
  #handle: FileHandle | undefined

  constructor(directory: string, name: string) {
    this.#directory = directory
    this.#name = name
    this.#partial = join(directory, `.${name}.${randomBytes(6).toString('hex')}.part`)
  }

  async append(bytes: Buffer): Promise<void> {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
    this.#handle ??= await open(this.#partial, flags, 0o640)
    await this.#handle.writeFile(bytes)
  }

  /** Gives the file its name. A link, not a rename: it fails when the name is taken. @throws EEXIST */
  async keep(): Promise<void> {
    await this.append(Buffer.alloc(0))
    await this.#handle?.datasync()
    await link(this.#partial, join(this.#directory, this.#name))
    await this.close()
  }

  async close(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    if (!handle) return
    await handle.close()
    await unlink(this.#partial)
  }
}

export class Uploads {
  readonly #o: UploadOptions
  #active = 0

  constructor(options: UploadOptions) {
    this.#o = options
  }

  /** Undefined when the upload may begin. */
  async decideUpload(name: string, mode: string, announcedBytes: number | undefined): Promise<Refusal | undefined> {
    if (mode !== 'octet' && mode !== 'netascii') {
      return { code: ERROR_CODE.illegalOperation, message: `mode ${mode} is not supported` }
    }
    if (name.includes('/') || name.startsWith('.')) {
      return { code: ERROR_CODE.accessViolation, message: 'uploads take plain file names only' }
    }
    if (announcedBytes !== undefined && announcedBytes > this.#o.maxBytes) {
      return { code: ERROR_CODE.diskFull, message: `larger than ${this.#o.maxBytes} bytes` }
    }
    if (this.#active >= UPLOADS_MAX) return { code: ERROR_CODE.other, message: 'too many uploads, try again' }
    try {
      await lstat(join(this.#o.directory, name))
    } catch {
      return undefined
    }
    return { code: ERROR_CODE.fileExists, message: 'file exists' }
  }

  open(
    name: string,
    mode: string,
    negotiated: Negotiated,
    port: ClientPort,
    now: () => number,
    onEnd: (end: SessionEnd) => void,
  ): Session & { begin(): void } {
    this.#active += 1
    const file = new UploadFile(this.#o.directory, name)
    const { maxBytes } = this.#o
    return new WriteSession({ file, mode, maxBytes, negotiated, port, now }, (end) => {
      this.#active -= 1
      onEnd(end)
    })
  }
}
