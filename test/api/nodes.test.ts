/** The node methods over a real socket: what scripts get, and that edits are live when a command returns. */
import test from 'ava'
import { openApiRig } from './rig.ts'

test('nodes are added, changed and removed: each command returns when the snapshot has it', async (t) => {
  const { client, cluster } = await openApiRig(t)
  const added = await client.call('nodes.add', { noderange: 'n[1-3]', words: ['groups=compute,all'] })
  t.deepEqual(added.data, { nodes: 3, changes: 3, snapshot: cluster.current.number })
  t.truthy(cluster.current.node('n3'))
  await client.call('nodes.change', { noderange: 'n1', words: ['noderes.netboot=grub2', 'mgt=ipmi'] })
  const { data, output } = await client.call('nodes.list', {
    noderange: 'compute',
    columns: ['noderes.netboot', 'mgt==ipmi'],
    data: true,
  })
  t.deepEqual(data, [{ node: 'n1', 'noderes.netboot': 'grub2' }])
  t.deepEqual(output, ['n1: grub2'])
  const removed = await client.call('nodes.remove', { noderange: 'n1' })
  t.deepEqual(removed.data, { nodes: 1, changes: 3, snapshot: cluster.current.number })
  t.is(cluster.current.node('n1'), undefined)
})

test('asked what it would do, noderm removes nothing', async (t) => {
  const { client, cluster } = await openApiRig(t)
  await client.call('nodes.add', { noderange: 'n[1-3]', words: ['groups=compute,all'] })
  await client.call('nodes.remove', { noderange: 'compute', dryRun: true })
  t.truthy(cluster.current.node('n1'))
  t.deepEqual((await client.call('nodes.expand', { noderange: 'all', fold: true })).output, ['n[1-3]'])
})

test('one bad name in ten and no node is added', async (t) => {
  const { client } = await openApiRig(t)
  const { exitStatus } = await client.call('nodes.add', { noderange: 'n[1-9],n.10', words: ['groups=all'] })
  t.is(exitStatus, 1)
  t.deepEqual((await client.call('nodes.list', { columns: [] })).output, [])
})

test('the server opens no file for its callers', async (t) => {
  const { methods } = await openApiRig(t)
  const caller = { user: 'root', host: undefined, role: 'administrator', clientType: 'cli' } as const
  for (const noderange of ['^/etc/passwd', '(^/etc/passwd)']) {
    await t.throwsAsync(async () => methods.call(caller, 'nodes.list', { noderange, columns: [] }), {
      message: /files are not read here/,
    })
  }
  const shown = await methods.call(caller, 'objects.show', { names: '^/etc/passwd' })
  t.false(JSON.stringify(shown).includes('root:'))
  t.is(shown.exitStatus, 1)
})
