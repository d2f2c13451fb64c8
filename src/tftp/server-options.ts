/** What a TFTP server is told when it is opened. */
import type { EmitEvent } from '../timeline/event.ts'
import type { OptionBounds } from './options.ts'
import type { TftpRoute } from './routes.ts'
import type { TftpSockets } from './sockets.ts'
import type { UploadOptions } from './uploads.ts'

export interface TftpLog {
  warn(fields: object, message: string): void
  debug(fields: object, message: string): void
}

export interface TftpServerOptions {
  /** One request socket each; transfers of a request leave from the address it was sent to. */
  readonly addresses: readonly string[]
  /** 69 unless told; 0: any free port. */
  readonly port?: number
  readonly routes: readonly TftpRoute[]
  /** Everything from the request port: for firewalls and NAT that know nothing of TFTP. */
  readonly singlePort?: boolean
  readonly emit: EmitEvent
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly nodeOf?: (ip: string) => string | undefined
  readonly upload?: UploadOptions
  readonly log: TftpLog
  /** Directory that clients may put in front of a name. Default `/tftpboot`. */
  readonly tftpdir?: string
  readonly options?: OptionBounds
  readonly transfersMax?: number
  /** For tests: another network and another clock. */
  readonly sockets?: TftpSockets
  readonly every?: (intervalMs: number, run: () => void) => () => void
}
