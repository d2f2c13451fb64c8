import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { planRoute, reportRoute } from '../../src/http/node-routes.ts'
import { partitionScriptRoute } from '../../src/http/partition-script-route.ts'
import { parseReport, REPORT_RESULTS } from '../../src/http/report-form.ts'
import type { BootEvent } from '../../src/timeline/event.ts'
import { STAGES } from '../../src/timeline/stages.ts'
import { ask, openRig, type Rig, until } from './rig.ts'

const GOOD = 'boot=6a1f-b2&seq=3&stage=root&result=ok&uptime=12.34&message=a%0Ab'

async function openNode(t: ExecutionContext, node = 'cn01'): Promise<Rig & { told: BootEvent[] }> {
  const told: BootEvent[] = []
  const emit = (event: BootEvent): void => void told.push(event)
  const rig = await openRig(t, [
    planRoute({
      planOf: (name, ip) =>
        name === node && ip === '127.0.0.1'
          ? { kind: 'plan', text: `liteboot-plan\t1\t${name}\n` }
          : { kind: 'refused', status: 403, message: `${ip} is not ${name}` },
      emit,
      now: () => 1000,
    }),
    reportRoute({ nodeOf: (ip) => (ip === '127.0.0.1' ? node : undefined), emit, now: () => 1000 }),
  ])
  return { ...rig, told }
}

test('the plan goes to its node, with an event', async (t) => {
  const rig = await openNode(t)
  const answer = await ask(rig.port, '/node/v1/cn01/plan')
  t.is(answer.body.toString(), 'liteboot-plan\t1\tcn01\n')
  await until(() => rig.told.length > 0)
  t.like(rig.told, [{ service: 'http', event: 'plan', node: 'cn01', ip: '127.0.0.1', ok: true, bytes: 21 }])
  t.is(rig.events.length, 0)
})

test('a plan that is refused: status, words and event', async (t) => {
  const rig = await openNode(t)
  const answer = await ask(rig.port, '/node/v1/cn02/plan')
  t.is(answer.status, 403)
  t.is(answer.body.toString(), '127.0.0.1 is not cn02\n')
  t.like(rig.told, [{ event: 'plan', node: 'cn02', ok: false, detail: '403 127.0.0.1 is not cn02' }])
})

test('HEAD of a plan is no fetch', async (t) => {
  const rig = await openNode(t)
  const answer = await ask(rig.port, '/node/v1/cn01/plan', { method: 'HEAD' })
  t.deepEqual([answer.status, answer.headers['content-length'], answer.body.length], [200, '21', 0])
  t.is(rig.told.length, 0)
})

test('the partition script goes to its node only', async (t) => {
  const told: BootEvent[] = []
  const rig = await openRig(t, [
    partitionScriptRoute({
      scriptOf: (name) =>
        name === 'cn01'
          ? { kind: 'plan', text: '#!/bin/sh\necho ü\n' }
          : { kind: 'refused', status: 403, message: 'not yours' },
      emit: (event) => void told.push(event),
      now: () => 1000,
    }),
  ])
  const answer = await ask(rig.port, '/node/v1/cn01/partition-script')
  t.deepEqual([answer.status, answer.body.toString()], [200, '#!/bin/sh\necho ü\n'])
  t.is((await ask(rig.port, '/node/v1/cn02/partition-script')).status, 403)
  t.like(told, [
    { event: 'partition script', node: 'cn01', ok: true },
    { event: 'partition script', node: 'cn02', ok: false, detail: '403 not yours' },
  ])
})

test('a report is told and answered 204', async (t) => {
  const rig = await openNode(t)
  const answer = await ask(rig.port, '/node/v1/cn01/report', { method: 'POST', body: GOOD })
  t.deepEqual([answer.status, answer.body.length], [204, 0])
  t.deepEqual(rig.told, [
    {
      atMs: 1000,
      service: 'initrd',
      event: 'report',
      node: 'cn01',
      ip: '127.0.0.1',
      ok: true,
      stage: 'root',
      result: 'ok',
      bootId: '6a1f-b2',
      seq: 3,
      uptimeSeconds: 12.34,
      detail: 'a\nb',
    },
  ])
})

test('`booted` comes from the running system; `failed` is not ok', async (t) => {
  const rig = await openNode(t)
  await ask(rig.port, '/node/v1/cn01/report', { method: 'POST', body: GOOD.replace('root', 'booted') })
  await ask(rig.port, '/node/v1/cn01/report', { method: 'POST', body: GOOD.replace('=ok', '=failed') })
  t.like(rig.told, [
    { service: 'os', stage: 'booted', ok: true },
    { service: 'initrd', stage: 'root', ok: false },
  ])
})

test('a report for another node is 403 with an event under the sender', async (t) => {
  const rig = await openNode(t)
  t.is((await ask(rig.port, '/node/v1/cn02/report', { method: 'POST', body: GOOD })).status, 403)
  t.like(rig.told, [
    { service: 'http', event: 'refused', node: 'cn01', ok: false, detail: 'report for cn02 from 127.0.0.1 (cn01)' },
  ])
})

test('a malformed report is 400 with the reason, one too long 413; GET is 405', async (t) => {
  const rig = await openNode(t)
  const path = '/node/v1/cn01/report'
  const bad = await ask(rig.port, path, { method: 'POST', body: 'boot=x' })
  t.is(bad.status, 400)
  t.is(bad.body.toString(), 'seq: not a number\n')
  t.is((await ask(rig.port, path, { method: 'POST', body: `${GOOD}${'x'.repeat(70_000)}` })).status, 413)
  const chunked = { method: 'POST', headers: { 'Transfer-Encoding': 'chunked' }, body: `${GOOD}${'x'.repeat(70_000)}` }
  t.is((await ask(rig.port, path, chunked)).status, 413)
  t.is((await ask(rig.port, path)).status, 405)
  t.deepEqual(
    rig.told.map(({ event }) => event),
    ['refused', 'refused', 'refused'],
  )
})

const FAULTS: readonly (readonly [string, RegExp])[] = [
  ['', /^boot/],
  ['boot=a b&seq=1&stage=root&result=ok', /^boot/],
  ['boot=a&seq=-1&stage=root&result=ok', /^seq/],
  ['boot=a&seq=1&stage=&result=ok', /^stage/],
  ['boot=a&seq=1&stage=a/b&result=ok', /^stage/],
  ['boot=a&seq=1&stage=root&result=done', /^result/],
  ['boot=a&seq=1&stage=root&result=ok&uptime=soon', /^uptime/],
]

for (const [body, reason] of FAULTS) {
  test(`report fault: ${body}`, (t) => {
    const parsed = parseReport(Buffer.from(body))
    t.regex('fault' in parsed ? parsed.fault : 'none', reason)
  })
}

test('a stage this server does not know is kept, control characters are not', (t) => {
  const parsed = parseReport(Buffer.from('boot=a&seq=1&stage=localdisk&result=start&message=%1b%5B2J%0D%0Ax%09y'))
  t.like(parsed, { stage: 'localdisk', message: '[2J\nx\ty' })
})

test('property: what was encoded as a form is read back', (t) => {
  const report = fc.record({
    boot: fc.uuid(),
    seq: fc.nat(999_999),
    stage: fc.constantFrom(...STAGES.slice(STAGES.indexOf('network'))),
    result: fc.constantFrom(...REPORT_RESULTS),
    uptime: fc.nat(1_000_000).map((hundredths) => hundredths / 100),
    message: fc.string().map((text) => text.replace(/\p{Cc}/gu, '').trim()),
  })
  fc.assert(
    fc.property(report, (sent) => {
      const form = new URLSearchParams(
        Object.entries(sent).map(([name, value]): [string, string] => [name, String(value)]),
      )
      t.deepEqual(parseReport(Buffer.from(form.toString())), {
        bootId: sent.boot,
        seq: sent.seq,
        stage: sent.stage,
        result: sent.result,
        uptimeSeconds: sent.uptime,
        message: sent.message === '' ? undefined : sent.message,
      })
    }),
  )
})

test('property: random bodies never throw', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void t.notThrows(() => parseReport(Buffer.from(bytes)))),
  )
})
