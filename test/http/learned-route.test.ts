import test, { type ExecutionContext } from 'ava'
import { learnedRoute } from '../../src/http/learned-route.ts'
import { HTTP_LIMITS } from '../../src/http/limits.ts'
import type { BootEvent } from '../../src/timeline/event.ts'
import { statusOfEvent } from '../../src/timeline/state.ts'
import { ask, openRig } from './rig.ts'

async function openLearner(t: ExecutionContext, node: string, learns = true) {
  const told: BootEvent[] = []
  const kept: string[] = []
  const rig = await openRig(t, [
    learnedRoute({
      nodeOf: (ip) => (ip === '127.0.0.1' ? node : undefined),
      learns: async () => learns,
      async keep(name, body) {
        if (body.toString().startsWith('bad')) return { fault: 'no list' }
        kept.push(`${name} ${body.length}`)
        return { bootId: 'b1', paths: 7 }
      },
      emit: (event) => void told.push(event),
      now: () => 1000,
    }),
  ])
  const post = (body: string | Buffer, path = '/node/v1/cn01/learned') =>
    ask(rig.port, path, { method: 'POST', body: body.toString() })
  return { told, kept, post, rig }
}

test("a node's list is kept and told", async (t) => {
  const { told, kept, post } = await openLearner(t, 'cn01')
  t.is((await post('list')).status, 204)
  t.deepEqual(kept, ['cn01 4'])
  t.like(told, [
    {
      service: 'os',
      event: 'learned',
      node: 'cn01',
      ok: true,
      bytes: 4,
      bootId: 'b1',
      detail: '7 paths written so far',
    },
  ])
})

test('refused: from another address, from a node that does not learn, malformed, too long, not posted', async (t) => {
  const other = await openLearner(t, 'cn02')
  t.is((await other.post('list')).status, 403)
  t.like(other.told, [{ service: 'http', event: 'refused', node: 'cn02', ok: false }])
  const idle = await openLearner(t, 'cn01', false)
  const answer = await idle.post('list')
  t.is(answer.status, 409)
  t.is(answer.body.toString(), 'cn01 is not in learning mode: nodeset cn01 learn\n')
  const own = await openLearner(t, 'cn01')
  t.is((await own.post('bad')).status, 400)
  t.is((await own.post(Buffer.alloc(HTTP_LIMITS.learnedBytes + 1, 'x'))).status, 413)
  t.is((await ask(own.rig.port, '/node/v1/cn01/learned')).status, 405)
  t.deepEqual([...other.kept, ...idle.kept, ...own.kept], [])
})

test('a node that learns says so when it has booted', (t) => {
  const event = { atMs: 1, service: 'os', event: 'report', stage: 'booted', result: 'ok', ok: true } as const
  t.is(statusOfEvent(event), 'booted')
  t.is(statusOfEvent({ ...event, detail: 'learning' }), 'learning')
})
