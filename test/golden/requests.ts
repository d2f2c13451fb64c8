/** The captured requests of this folder, oldest first (README.md). */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Line {
  /** File, and way of the matrix. */
  readonly case: string
  /** In the boot that was captured. */
  readonly order: number
  /** Program that sent it. */
  readonly client: string
  /** DISCOVER or REQUEST; `RRQ <file>`; `GET <target>`. */
  readonly asks: string
  /** UDP port, or 80. */
  readonly port: number
  /** Package with version, emulator, day: of what it was captured from. */
  readonly package: string
  readonly emulator: string
  readonly date: string
}

export interface GoldenDatagram extends Line {
  readonly protocol: 'dhcp' | 'tftp'
  /** UDP payload, hex. */
  readonly payload: string
  /** Of TFTP: names and values in the order they are sent in. */
  readonly options?: readonly string[]
}

export interface GoldenHead extends Line {
  readonly protocol: 'http'
  /** Head of the request with its empty line. */
  readonly request: string
}

const everything: readonly (GoldenDatagram | GoldenHead)[] = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.jsonl'))
  .sort()
  .flatMap((name) =>
    readFileSync(join(import.meta.dirname, name), 'utf8')
      .trim()
      .split('\n'),
  )
  // Our own data files: shape known.
  .map((line) => JSON.parse(line) as GoldenDatagram | GoldenHead)

export const goldenDhcp = everything.filter((line): line is GoldenDatagram => line.protocol === 'dhcp')
export const goldenTftp = everything.filter((line): line is GoldenDatagram => line.protocol === 'tftp')
export const goldenHttp = everything.filter((line): line is GoldenHead => line.protocol === 'http')
