/** Edits through the API: whole or not at all, live when the command returns, none of two lost. */
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { connectApi } from '../../src/api/client.ts'
import { openDirectApi } from '../../src/api/direct.ts'
import { OperatorError } from '../../src/api/errors.ts'
import type { Api } from '../../src/api/protocol.ts'
import { openApiRig, until } from './rig.ts'

function mkdef(api: Api, noderange: string, ...assignments: string[]) {
  return api.call('objects.make', { operands: [noderange], assignments })
}

test('an edit is what nodes are told when the command returns', async (t) => {
  const { client, cluster } = await openApiRig(t)
  await mkdef(client, 'n1', 'groups=all', 'ip=10.4.0.11')
  for (let last = 11; last < 31; last++) {
    const before = cluster.current.number
    const { data } = await client.call('objects.change', { operands: ['n1'], assignments: [`ip=10.4.0.${last + 1}`] })
    t.is(String(cluster.current.nodeByIp(`10.4.0.${last + 1}` as never)?.name), 'n1')
    t.true(cluster.current.number > before)
    t.like(data, { snapshot: cluster.current.number })
  }
})

test('concurrent edits of one row, over several connections: none is lost', async (t) => {
  const { client, places } = await openApiRig(t)
  await mkdef(client, 'n1', 'groups=all')
  const clients = await Promise.all(Array.from({ length: 4 }, () => connectApi(places)))
  const groups = Array.from({ length: 24 }, (_, at) => `g${at}`)
  await Promise.all(
    groups.map((group, at) =>
      clients[at % 4]?.call('tables.change', { words: ['node=n1', `nodelist.groups+=${group}`] }),
    ),
  )
  const shown = await client.call('objects.show', { names: 'n1', attributes: 'groups', data: true })
  const [object] = shown.data as { attributes: { groups: string } }[]
  t.deepEqual(object?.attributes.groups.split(',').sort(), ['all', ...groups].sort())
  await Promise.all(clients.map((each) => each.close()))
})

test('edits of another process are seen by commands at once, and by nodes soon', async (t) => {
  const { client, places, cluster } = await openApiRig(t)
  await mkdef(client, 'n1', 'groups=all')
  const direct = openDirectApi(places)
  t.teardown(() => direct.close())
  await mkdef(direct, 'n2', 'groups=all', 'ip=10.4.0.12')
  const shown = await client.call('objects.show', { names: 'n2', attributes: 'ip' })
  t.deepEqual(shown.output, ['Object name: n2', '    ip=10.4.0.12'])
  await mkdef(direct, 'n3', 'groups=all', 'ip=10.4.0.13')
  await until(t, 'the server polls', () => cluster.current.nodeByIp('10.4.0.13' as never)?.name === 'n3')
  await mkdef(client, 'n4', 'groups=all')
  t.deepEqual((await direct.call('objects.show', { names: 'n4' })).output, ['Object name: n4', '    groups=all'])
})

async function refused(t: ExecutionContext, api: Api, words: string[]): Promise<OperatorError> {
  const error = (await t.throwsAsync(api.call('tables.change', { words }), {
    instanceOf: OperatorError,
  })) as OperatorError
  t.is(error.code, 'LB_BAD_EDIT')
  return error
}

test('an edit that is refused changes nothing, and names the rows', async (t) => {
  const { client, cluster } = await openApiRig(t)
  await mkdef(client, 'n1', 'groups=all', 'mac=0a:00:00:00:00:01')
  const options = { operands: ['lite'], assignments: ['provmethod=statelite', 'rootimgdir=/i'], type: 'osimage' }
  await client.call('objects.make', options)
  const set = (option: string, path: string) =>
    client.call('tables.change', { words: [`image=lite,file=${path}`, `litefile.options=${option}`] })
  await set('link', '/etc/')
  const number = cluster.current.number
  const before = (await client.call('tables.dump', { table: 'litefile' })).output
  for (const [option, advice] of [
    ['tmpfs', 'link link,con link,persistent'],
    ['persistent', 'link link,con link,persistent'],
    ['link,ro', 'link link,con link,persistent'],
  ] as const) {
    const error = await refused(t, client, ['image=lite,file=/etc/motd', `litefile.options=${option}`])
    t.true(error.message.startsWith('litefile row image=lite,file=/etc/motd: '), error.message)
    t.true(error.message.includes('litefile row image=lite,file=/etc/)'), error.message)
    t.true(error.message.includes(advice), error.message)
  }
  // Two tables in one edit: the good half is not made either.
  await refused(t, client, ['image=lite,file=/etc/motd', 'litefile.options=ro', 'litefile.comments=x'])
  const pair = await t.throwsAsync(
    client.call('tables.restore', {
      table: 'litefile',
      csv: '#image,file,options\n"lite","/a/","persistent"\n"lite","/a/b","ro"\n',
    }),
    { instanceOf: OperatorError },
  )
  t.regex(pair?.message ?? '', /image=lite,file=\/a\/b/)
  t.deepEqual((await client.call('tables.dump', { table: 'litefile' })).output, before)
  t.is(cluster.current.number, number)
  await set('link,persistent', '/etc/motd')
})

test('a fault that is there already does not stop other edits, nor its own repair', async (t) => {
  const { client, places } = await openApiRig(t)
  const { openSqliteStore } = await import('../../src/store/sqlite.ts')
  const other = openSqliteStore({ path: places.tables })
  other.transact((rows) => rows.insertRow('litefile', { image: 'ALL', file: 'relative', options: 'tmpfs' }), {
    author: 'past the checks',
  })
  other.close()
  await mkdef(client, 'n1', 'groups=all')
  await client.call('tables.change', { words: ['image=ALL,file=/ok', 'litefile.options=tmpfs'] })
  await client.call('tables.change', { words: ['image=ALL,file=relative', 'litefile.file=/repaired'] })
  t.deepEqual((await client.call('tables.dump', { table: 'litefile' })).output.slice(1), [
    '"ALL","/repaired","tmpfs",,',
    '"ALL","/ok","tmpfs",,',
  ])
})

test('liteimg in place: refused while nodes run from the image, unless all of them are named', async (t) => {
  const rig = await openApiRig(t)
  const { client, places } = rig
  const rootimgdir = join(places.state, 'image')
  await mkdef(client, 'n1,n2', 'groups=all')
  const image = {
    operands: ['lite'],
    assignments: ['provmethod=statelite', `rootimgdir=${rootimgdir}`],
    type: 'osimage',
  }
  await client.call('objects.make', image)
  rig.users = ['n1', 'n2']
  const attempt = async (force?: string) =>
    (await t.throwsAsync(client.call('image.liteimg', { image: 'lite', inPlace: true, force }), {
      instanceOf: OperatorError,
    })) as OperatorError
  const busy = await attempt()
  t.is(busy.code, 'LB_IMAGE_BUSY')
  t.is(busy.message, `${rootimgdir}/rootimg is the root of running nodes: n1 n2`)
  t.regex(busy.advice, /liteimg lite --in-place --force n1,n2$/)
  t.like(await attempt('n1'), {
    code: 'LB_IMAGE_BUSY',
    message: `${rootimgdir}/rootimg is the root of running nodes: n2`,
  })
  t.is((await attempt('n1,n9')).code, 'LB_NO_NODE')
  // Past the guard, in its own thread, it finds that there is no tree.
  t.like(await attempt('all'), {
    code: 'LB_IMAGE',
    message: `${rootimgdir}/rootimg does not exist: build the image first, or correct rootimgdir`,
  })
  rig.users = []
  t.is((await attempt()).code, 'LB_IMAGE')
})

test('a policy rule that cannot be read is warned of when it is written', async (t) => {
  const { client } = await openApiRig(t)
  const words = ['priority=5', 'policy.name=ann', 'policy.rule=allow', 'policy.time=whenever']
  const { errors, exitStatus } = await client.call('tables.change', { words })
  t.is(exitStatus, 0)
  t.is(errors.length, 1)
  t.regex(errors[0] ?? '', /^Warning: policy row priority=5.*whenever/)
})

test('an expression in a node range that takes for ever is given up, whatever the command', async (t) => {
  const { client } = await openApiRig(t)
  await mkdef(client, `n${'a'.repeat(40)}`, 'groups=all')
  for (const method of ['statelite.litefile', 'statelite.litetree'] as const) {
    const error = await t.throwsAsync(client.call(method, { noderange: '/n(a+)+b' }), { instanceOf: OperatorError })
    t.is(error?.code, 'LB_BAD_INPUT', error?.message)
    t.regex(error?.message ?? '', /takes too long/)
  }
})
