/** Which options of a request are granted, and with which values (RFC 2347, 2348, 2349, 7440). Pure. */
import {
  BLOCK_SIZE_DEFAULT_BYTES,
  BLOCK_SIZE_MAX_BYTES,
  BLOCK_SIZE_MIN_BYTES,
  HEADERS_BYTES,
  MTU_DEFAULT_BYTES,
  WINDOW_MAX_BYTES,
  WINDOW_SIZE_MAX,
} from './limits.ts'
import type { TftpOption } from './packet.ts'

export interface OptionBounds {
  /** Of the way to the clients; blocks are kept so small that nothing is fragmented. */
  readonly mtuBytes?: number
  /** Grant blocks larger than the MTU: the IP layer cuts them up. */
  readonly allowFragments?: boolean
}

export interface Negotiated {
  readonly blockSizeBytes: number
  readonly windowSize: number
  /** RFC 2349 time-out, when the client asked for one. */
  readonly timeoutMs: number | undefined
  /** Size the client announced (write requests). */
  readonly announcedBytes: number | undefined
  /** What to put into the OACK; empty: send no OACK (RFC 2347: options that are not acknowledged are ignored). */
  readonly accepted: readonly TftpOption[]
}

/** Plain decimal digits, nothing else. */
function parseNumber(value: string): number | undefined {
  return /^[0-9]{1,15}$/.test(value) ? Number(value) : undefined
}

function inRange(value: number | undefined, min: number, max: number): value is number {
  return value !== undefined && value >= min && value <= max
}

/**
 * @param sizeBytes size of the file on the wire for a read, where it is known; undefined also for a write
 * @param direction RFC 2349 gives `tsize` a different meaning for each
 */
export function decideOptions(
  options: readonly TftpOption[],
  direction: 'read' | 'write',
  sizeBytes: number | undefined,
  bounds: OptionBounds = {},
): Negotiated {
  // RFC 2347: an option may stand only once; names in any case. The first one counts.
  const asked = new Map<string, TftpOption>()
  for (const option of options) {
    const name = option[0].toLowerCase()
    if (!asked.has(name)) asked.set(name, option)
  }
  const fragmentFree = (bounds.mtuBytes ?? MTU_DEFAULT_BYTES) - HEADERS_BYTES
  const blockSizeMax = bounds.allowFragments ? BLOCK_SIZE_MAX_BYTES : Math.min(fragmentFree, BLOCK_SIZE_MAX_BYTES)

  let blockSizeBytes = BLOCK_SIZE_DEFAULT_BYTES
  let windowSize = 1
  let timeoutMs: number | undefined
  let announcedBytes: number | undefined
  const blksize = parseNumber(asked.get('blksize')?.[1] ?? '')
  // RFC 2348: the server may answer with less, never with more.
  if (inRange(blksize, BLOCK_SIZE_MIN_BYTES, Number.MAX_SAFE_INTEGER)) blockSizeBytes = Math.min(blksize, blockSizeMax)
  const accepted: TftpOption[] = []
  for (const [name, [spelling, value]] of asked) {
    const number = parseNumber(value)
    switch (name) {
      case 'blksize':
        if (inRange(number, BLOCK_SIZE_MIN_BYTES, Number.MAX_SAFE_INTEGER)) {
          accepted.push([spelling, String(blockSizeBytes)])
        }
        break
      case 'timeout':
        // RFC 2349: 1 to 255 seconds; the answer must be the same value or nothing.
        if (inRange(number, 1, 255)) {
          timeoutMs = number * 1000
          accepted.push([spelling, value])
        }
        break
      case 'tsize':
        if (number === undefined) break
        if (direction === 'write') {
          announcedBytes = number
          accepted.push([spelling, value])
          // Quirk: curl takes `tsize 0` in an OACK for an error and gives up; an empty file goes without.
        } else if (sizeBytes !== undefined && sizeBytes > 0) accepted.push([spelling, String(sizeBytes)])
        break
      case 'windowsize':
        // RFC 7440 §3: 1 to 65535; the server may answer with less.
        if (inRange(number, 1, 65535)) {
          const fits = Math.max(1, Math.floor(WINDOW_MAX_BYTES / blockSizeBytes))
          windowSize = Math.min(number, WINDOW_SIZE_MAX, fits)
          accepted.push([spelling, String(windowSize)])
        }
        break
    }
  }
  return { blockSizeBytes, windowSize, timeoutMs, announcedBytes, accepted }
}
