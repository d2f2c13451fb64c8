/** Conditional requests (RFC 9110 §13): validators of a file, and what they make of a request. Pure. */
import type { IncomingHttpHeaders } from 'node:http'
import { parseRange, type RangeAnswer } from './range.ts'

export interface Validators {
  /** Strong (RFC 9110 §8.8.1), with its quotes. */
  readonly etag: string
  readonly mtimeMs: number
  readonly sizeBytes: number
}

export type Verdict =
  | { readonly status: 200 | 304 | 412 | 416 }
  | { readonly status: 206; readonly start: number; readonly end: number }

/** The order is that of RFC 9110 §13.2.2. */
export function decideCondition(
  method: string,
  headers: IncomingHttpHeaders,
  validators: Validators,
  nowMs: number,
): Verdict {
  const ifMatch = headers['if-match']
  const ifNoneMatch = headers['if-none-match']
  const since = parseSeconds(headers['if-modified-since'])
  const unmodified = parseSeconds(headers['if-unmodified-since'])
  const mtimeSeconds = Math.floor(validators.mtimeMs / 1000)
  if (ifMatch !== undefined) {
    if (!listsTag(ifMatch, validators.etag, 'strong')) return { status: 412 }
  } else if (unmodified !== undefined && mtimeSeconds > unmodified) return { status: 412 }
  if (ifNoneMatch !== undefined) {
    if (listsTag(ifNoneMatch, validators.etag, 'weak')) return { status: 304 }
  } else if (since !== undefined && mtimeSeconds <= since) return { status: 304 }
  const range = rangeOf(method, headers, validators, nowMs)
  if (range === 'whole') return { status: 200 }
  if (range === 'unsatisfiable') return { status: 416 }
  return { status: 206, ...range }
}

function rangeOf(method: string, headers: IncomingHttpHeaders, validators: Validators, nowMs: number): RangeAnswer {
  // RFC 9110 §14.2: Range has a meaning for GET only.
  if (method !== 'GET') return 'whole'
  const ifRange = headers['if-range']
  if (typeof ifRange === 'string' && !rangeHolds(ifRange.trim(), validators, nowMs)) return 'whole'
  return parseRange(headers.range, validators.sizeBytes)
}

/** RFC 9110 §13.1.5: strong comparison; a date only when it is a strong validator (§8.8.2.2: a second old or more). */
function rangeHolds(ifRange: string, validators: Validators, nowMs: number): boolean {
  if (ifRange.startsWith('"')) return ifRange === validators.etag
  const seconds = parseSeconds(ifRange)
  return seconds === Math.floor(validators.mtimeMs / 1000) && nowMs - validators.mtimeMs >= 1000
}

function listsTag(header: string, etag: string, comparison: 'strong' | 'weak'): boolean {
  if (header.trim() === '*') return true
  const tags = header.match(/(?:W\/)?"[^"]*"/g) ?? []
  return tags.some((tag) => tag === etag || (comparison === 'weak' && tag === `W/${etag}`))
}

/** Dates that do not parse are ignored (RFC 9110 §13.1.3, §13.1.4). */
function parseSeconds(date: string | undefined): number | undefined {
  if (date === undefined) return undefined
  const ms = Date.parse(date)
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000)
}

/** RFC 9110 §8.8.2.1: never later than the time of the answer. */
export function renderLastModified(mtimeMs: number, nowMs: number): string {
  return new Date(Math.min(mtimeMs, nowMs)).toUTCString()
}
