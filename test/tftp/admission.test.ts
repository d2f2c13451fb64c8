import test from 'ava'
import { decideRepeat, RequestQueue } from '../../src/tftp/admission.ts'
import { decideOutcome } from '../../src/tftp/outcome.ts'

const request = Buffer.from('\0\x01a\0octet\0')

test('the same request is a duplicate until the client has answered and then gone quiet', (t) => {
  const never = { request, heardMs: Number.NEGATIVE_INFINITY }
  t.is(decideRepeat(never, Buffer.from(request), 1e9), 'duplicate')
  t.is(decideRepeat({ request, heardMs: 5000 }, request, 5500), 'duplicate')
  t.is(decideRepeat({ request, heardMs: 5000 }, request, 9000), 'replace')
  t.is(decideRepeat(never, Buffer.from('\0\x01b\0octet\0'), 0), 'replace')
})

test('the queue is in order, one place per client port, bounded, and forgets what got old', (t) => {
  const queue = new RequestQueue<{ sinceMs: number; id: string }>(3)
  t.true(queue.add('a', { sinceMs: 0, id: 'a' }))
  t.true(queue.add('b', { sinceMs: 0, id: 'b' }))
  t.true(queue.add('c', { sinceMs: 9000, id: 'c' }))
  t.false(queue.add('d', { sinceMs: 9000, id: 'd' }))
  t.true(queue.add('a', { sinceMs: 9000, id: 'a again' }))
  t.is(queue.take(12_000)?.waiting.id, 'a again')
  t.is(queue.take(12_000)?.waiting.id, 'c')
  t.is(queue.take(12_000), undefined)
  t.is(queue.size, 0)
})

test('how an end is judged', (t) => {
  t.true(decideOutcome({ kind: 'done' }, 10, false).ok)
  t.true(decideOutcome({ kind: 'client-error', code: 8, message: '' }, 0, false).ok)
  t.true(decideOutcome({ kind: 'client-error', code: 0, message: '' }, 900, false).ok)
  t.false(decideOutcome({ kind: 'client-error', code: 3, message: 'full' }, 900, false).ok)
  t.true(decideOutcome({ kind: 'gone' }, 900, true).ok)
  t.false(decideOutcome({ kind: 'gone' }, 900, false).ok)
  t.false(decideOutcome({ kind: 'time-out' }, 900, true).ok)
})
