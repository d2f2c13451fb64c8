/** What the timeline says about the end of a transfer. Pure. */
import { ERROR_CODE } from './packet.ts'
import type { SessionEnd } from './read-session.ts'

export interface Outcome {
  readonly ok: boolean
  readonly words: string
}

/**
 * @param bytesDone acknowledged by the client
 * @param awaitsLastAck everything was sent, only the last ACK is missing
 */
export function decideOutcome(end: SessionEnd, bytesDone: number, awaitsLastAck: boolean): Outcome {
  switch (end.kind) {
    case 'done':
      return { ok: true, words: '' }
    case 'client-error':
      // EDK2 asks for the size and stops with error 8, PXE ROMs and curl stop with error 0: they have what they wanted.
      if (end.code === ERROR_CODE.optionRefused || end.code === ERROR_CODE.other) {
        const when = bytesDone === 0 ? 'before the first block' : `after ${bytesDone} bytes`
        return { ok: true, words: `stopped by the client ${when} (error ${end.code})` }
      }
      return { ok: false, words: `client: error ${end.code} ${end.message}`.trimEnd() }
    case 'time-out':
      return { ok: false, words: awaitsLastAck ? 'time-out: last block not acknowledged' : 'time-out' }
    case 'gone':
      // Some loaders jump into what they loaded without the last ACK.
      if (awaitsLastAck) return { ok: true, words: 'last block not acknowledged, client port closed' }
      return { ok: false, words: 'client port closed' }
    case 'fault':
      return { ok: false, words: end.message }
    case 'replaced':
      return { ok: false, words: 'given up for a newer request' }
  }
}
