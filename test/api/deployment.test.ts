/** The deployment methods as a server runs them. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { OperatorError } from '../../src/api/errors.ts'
import { LOCAL_ROOT } from '../../src/api/methods/context.ts'
import { openTimeline } from '../../src/timeline/store.ts'
import { openApiRig } from './rig.ts'

test('files of the server are named on the server only', async (t) => {
  const { client, methods, places } = await openApiRig(t)
  await client.call('objects.make', { operands: ['cn1'], assignments: ['groups=all', 'ip=127.4.0.1'] })
  const file = join(places.state, 'hosts')
  const exportDirectory = join(places.state, 'tftp')
  const caller = { ...LOCAL_ROOT, host: 'admin1' }
  for (const call of [
    () => methods.call(caller, 'hosts.make', { file }),
    () => methods.call(caller, 'nodeset.set', { noderange: 'cn1', exportDirectory }),
    () => methods.call(caller, 'nodeset.set', { noderange: 'cn1', action: 'boot', exportDirectory }),
  ])
    t.regex((await t.throwsAsync(call, { instanceOf: OperatorError }))?.message ?? '', /only on the server/)
  t.false(existsSync(file))
  t.false(existsSync(exportDirectory))
  const { data } = await client.call('nodeset.stat', { noderange: 'cn1' })
  t.like(data, [{ node: 'cn1', state: 'boot' }])
})

test('nodestat: where a boot stands beats a ping; a refused edit changes nothing', async (t) => {
  const { client, places } = await openApiRig(t)
  await client.call('objects.make', { operands: ['cn[1-2]'], assignments: ['groups=all'] })
  for (const node of ['cn1', 'cn2'])
    await client.call('objects.change', { operands: [node], assignments: [`ip=127.4.0.${node.slice(2)}`] })
  const timeline = openTimeline({ file: places.timeline, now: Date.now })
  const atMs = Date.now() - 5 * 60_000
  const seen = { node: 'cn1', ip: '127.4.0.1', ok: true } as const
  timeline.emit({ ...seen, atMs, service: 'http', event: 'get', object: '/boot/ipxe/cn1' })
  timeline.flush()
  timeline.close()
  const { output } = await client.call('nodestat.show', { noderange: 'all' })
  t.regex(output[0] ?? '', /^cn1: stuck at kernel, last seen http get \/boot\/ipxe\/cn1 5 min/)
  t.is(output[1], 'cn2: ping')
  const stored = await client.call('nodestat.update', { noderange: 'cn2' })
  t.deepEqual(stored.output, ['cn2: ping'])
  const dry = await client.call('nodestat.update', { noderange: 'cn1', dryRun: true })
  t.is(dry.exitStatus, 0)
  const { output: shown } = await client.call('objects.show', { names: 'cn1,cn2', attributes: 'status', compact: true })
  t.deepEqual(shown, ['cn1: status=', 'cn2: status=ping'])
})
