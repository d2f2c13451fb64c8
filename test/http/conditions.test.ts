import test from 'ava'
import fc from 'fast-check'
import { decideCondition, renderLastModified } from '../../src/http/conditions.ts'
import { parseRange } from '../../src/http/range.ts'

const MTIME = Date.UTC(2026, 10, 22, 15, 4, 5, 250)
const DATE = new Date(MTIME).toUTCString()
const EARLIER = new Date(MTIME - 5000).toUTCString()
const LATER = new Date(MTIME + 5000).toUTCString()
const validators = { etag: '"v1"', mtimeMs: MTIME, sizeBytes: 1000 }
const NOW = MTIME + 3_600_000

const verdict = (headers: Record<string, string>, method = 'GET', nowMs = NOW) =>
  decideCondition(method, headers, validators, nowMs)
const status = (headers: Record<string, string>, method?: string, nowMs?: number): number =>
  verdict(headers, method, nowMs).status

test('RFC 9110 §14.1.2: closed, open-ended and suffix ranges', (t) => {
  t.deepEqual(parseRange('bytes=0-499', 1000), { start: 0, end: 500 })
  t.deepEqual(parseRange('bytes=500-', 1000), { start: 500, end: 1000 })
  t.deepEqual(parseRange('bytes=-1', 1000), { start: 999, end: 1000 })
  t.deepEqual(parseRange('bytes=0-0', 1000), { start: 0, end: 1 })
})

test('RFC 9110 §14.1.2: a last position past the end, and a suffix longer than the file, are cut to the file', (t) => {
  t.deepEqual(parseRange('bytes=900-99999999999999999999', 1000), { start: 900, end: 1000 })
  t.deepEqual(parseRange('bytes=-5000', 1000), { start: 0, end: 1000 })
})

test('RFC 9110 §14.1: range units are case-insensitive', (t) => {
  t.deepEqual(parseRange('Bytes=1-2', 1000), { start: 1, end: 3 })
})

test('RFC 9110 §14.2: an unknown unit, a malformed or reversed range, a set of ranges: answered whole', (t) => {
  for (const header of [
    'items=0-1',
    'bytes=',
    'bytes=-',
    'bytes=a-b',
    'bytes=5-2',
    'bytes=0-1,5-6',
    'bytes 0-1',
    '',
    'bytes=0-1, bytes=3-4',
  ]) {
    t.is(parseRange(header, 1000), 'whole', header)
  }
})

test('RFC 9110 §14.1.2: a first position past the end, or a suffix of 0, cannot be satisfied', (t) => {
  t.is(parseRange('bytes=1000-', 1000), 'unsatisfiable')
  t.is(parseRange('bytes=99999999999999999999-', 1000), 'unsatisfiable')
  t.is(parseRange('bytes=-0', 1000), 'unsatisfiable')
  t.is(parseRange('bytes=0-', 0), 'unsatisfiable')
  t.is(parseRange('bytes=-5', 0), 'whole')
})

test('property: a range lies inside the file, whatever was asked', (t) => {
  const text = fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => `bytes=${a}-${b}`)
  fc.assert(
    fc.property(
      fc.oneof(
        text,
        fc.nat().map((a) => `bytes=${a}-`),
        fc.nat().map((a) => `bytes=-${a}`),
        fc.string(),
      ),
      fc.nat(5000),
      (header, size) => {
        const range = parseRange(header, size)
        if (typeof range === 'object') t.true(range.start >= 0 && range.start < range.end && range.end <= size)
      },
    ),
  )
})

test('RFC 9110 §13.1.1: If-Match fails with 412 unless a strong tag matches', (t) => {
  t.is(status({ 'if-match': '"v1"' }), 200)
  t.is(status({ 'if-match': '*' }), 200)
  t.is(status({ 'if-match': '"v0", "v1"' }), 200)
  t.is(status({ 'if-match': '"v0"' }), 412)
  t.is(status({ 'if-match': 'W/"v1"' }), 412)
})

test('RFC 9110 §13.1.2: If-None-Match answers 304 for GET and HEAD, weak comparison', (t) => {
  t.is(status({ 'if-none-match': '"v1"' }), 304)
  t.is(status({ 'if-none-match': 'W/"v1"' }, 'HEAD'), 304)
  t.is(status({ 'if-none-match': '*' }), 304)
  t.is(status({ 'if-none-match': '"v0", "v2"' }), 200)
})

test('RFC 9110 §13.1.3: If-Modified-Since, ignored beside If-None-Match and when no date', (t) => {
  t.is(status({ 'if-modified-since': DATE }), 304)
  t.is(status({ 'if-modified-since': LATER }), 304)
  t.is(status({ 'if-modified-since': EARLIER }), 200)
  t.is(status({ 'if-modified-since': 'yesterday' }), 200)
  t.is(status({ 'if-modified-since': DATE, 'if-none-match': '"v0"' }), 200)
})

test('RFC 9110 §13.1.4: If-Unmodified-Since, ignored beside If-Match', (t) => {
  t.is(status({ 'if-unmodified-since': DATE }), 200)
  t.is(status({ 'if-unmodified-since': EARLIER }), 412)
  t.is(status({ 'if-unmodified-since': EARLIER, 'if-match': '"v1"' }), 200)
})

test('RFC 9110 §13.1.5: If-Range holds for the same strong tag or exact date, else the file comes whole', (t) => {
  const range = 'bytes=0-9'
  t.is(status({ range, 'if-range': '"v1"' }), 206)
  t.is(status({ range, 'if-range': '"v0"' }), 200)
  t.is(status({ range, 'if-range': 'W/"v1"' }), 200)
  t.is(status({ range, 'if-range': DATE }), 206)
  t.is(status({ range, 'if-range': LATER }), 200)
})

test('RFC 9110 §8.8.2.2: a date younger than a second is no strong validator', (t) => {
  t.is(status({ range: 'bytes=0-9', 'if-range': DATE }, 'GET', MTIME + 900), 200)
})

test('RFC 9110 §13.2.2: preconditions come before the range', (t) => {
  t.is(status({ range: 'bytes=0-9', 'if-none-match': '"v1"' }), 304)
  t.is(status({ range: 'bytes=5000-', 'if-match': '"v0"' }), 412)
  t.is(status({ range: 'bytes=5000-' }), 416)
})

test('RFC 9110 §14.2: Range is ignored for other methods than GET', (t) => {
  t.is(status({ range: 'bytes=0-9' }, 'HEAD'), 200)
})

test('RFC 9110 §8.8.2.1: Last-Modified is never later than the answer', (t) => {
  t.is(renderLastModified(MTIME, NOW), DATE)
  t.is(renderLastModified(NOW + 86_400_000, NOW), new Date(NOW).toUTCString())
})
