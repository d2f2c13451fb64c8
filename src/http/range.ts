/** Byte ranges (RFC 9110 §14): GRUB and iPXE load kernels with them, curl and wget resume with them. */

export interface ByteRange {
  /** First byte, and the one after the last. */
  readonly start: number
  readonly end: number
}

/** `whole`: no range, or one that is to be ignored (RFC 9110 §14.2: answer 200). `unsatisfiable`: answer 416. */
export type RangeAnswer = ByteRange | 'whole' | 'unsatisfiable'

const SINGLE = /^bytes[ \t]*=[ \t]*(\d*)-(\d*)[ \t]*$/i

/**
 * One range of `bytes`, closed, open-ended or suffix. A set of several is ignored, as RFC 9110 §14.2 allows: no boot
 * client asks for it, and a set is the classic way to make a server work hard for a small request.
 */
export function parseRange(header: string | undefined, sizeBytes: number): RangeAnswer {
  if (header === undefined) return 'whole'
  const match = SINGLE.exec(header)
  const first = match?.[1] ?? ''
  const last = match?.[2] ?? ''
  if (!match || (first === '' && last === '')) return 'whole'
  if (first === '') return suffixRange(Number(last), sizeBytes)
  const start = Number(first)
  if (last !== '' && Number(last) < start) return 'whole'
  if (start >= sizeBytes) return 'unsatisfiable'
  return { start, end: last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes) }
}

function suffixRange(lengthBytes: number, sizeBytes: number): RangeAnswer {
  if (lengthBytes === 0) return 'unsatisfiable'
  // Nothing to name in Content-Range: an empty file is answered whole.
  if (sizeBytes === 0) return 'whole'
  return { start: Math.max(0, sizeBytes - lengthBytes), end: sizeBytes }
}

export function renderContentRange(range: ByteRange, sizeBytes: number): string {
  return `bytes ${range.start}-${range.end - 1}/${sizeBytes}`
}
