/** A site goes in and out over the API's real socket: as much as a large site has, live when the call returns. */
import test from 'ava'
import { openApiRig } from './rig.ts'

test('twenty thousand nodes are imported and dumped over the socket, and nodes are answered from them', async (t) => {
  const { client, cluster } = await openApiRig(t)
  const numbers = Array.from({ length: 20_000 }, (_, at) => at + 1)
  const nodelist = `#node,groups\n${numbers.map((number) => `"n${number}","compute,all"`).join('\n')}\n`
  const hosts = '#node,ip\n"compute",|\\D+(\\d+)|10.($1/62500).($1/250%250).($1%250+1)|\n'
  const files = [
    { table: 'nodelist', source: 'nodelist.csv', text: nodelist },
    { table: 'hosts', source: 'hosts.csv', text: hosts },
  ]
  const result = await client.call('migration.import', { files, path: '/dump' })
  t.is(result.exitStatus, 0, result.output.join('\n'))
  t.is(cluster.current.node('n20000')?.attribute('hosts', 'ip'), '10.0.80.1')
  const { data } = await client.call('migration.dump', {})
  const dumped = data as readonly { readonly table: string; readonly rows: number; readonly csv: string }[]
  t.is(dumped.find(({ table }) => table === 'nodelist')?.rows, 20_000)
  t.true(dumped.find(({ table }) => table === 'nodelist')?.csv.includes('\n"n20000","compute,all",'))
})

test('what is no CSV file of a table is refused before anything is looked at', async (t) => {
  const { client } = await openApiRig(t)
  await t.throwsAsync(client.call('migration.import', { files: [{ table: 'site' }] as never, path: '/dump' }), {
    message: /migration\.import/,
  })
  await t.throwsAsync(client.call('migration.import', { files: [], path: '/dump' }), {
    message: 'the dump has no tables',
  })
})
