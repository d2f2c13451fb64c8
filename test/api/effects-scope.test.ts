/** Whatever is edited: the nodes that are said to change are those that do, and no other. */
import test from 'ava'
import fc from 'fast-check'
import { compileEffects, foreseeEdit } from '../../src/api/effects/effects.ts'
import { compileFacts } from '../../src/api/effects/facts.ts'
import { openNodeAnswers } from '../../src/boot/node-answers.ts'
import { compileSnapshot } from '../../src/cluster/snapshot.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import type { Transaction } from '../../src/store/store.ts'
import type { TablesView } from '../../src/tables/row.ts'

const answers = openNodeAnswers({ addresses: ['10.4.0.1'], httpPort: undefined, nfs: { port: 2049, mountPort: 20048 } })

const SITE: Readonly<Record<string, readonly Readonly<Record<string, string>>[]>> = {
  site: [
    { key: 'master', value: '10.4.0.1' },
    { key: 'domain', value: 'lab' },
    { key: 'lite', value: '/lite' },
  ],
  networks: [
    { netname: 'lab', net: '10.4.0.0', mask: '255.255.0.0' },
    { netname: 'part', net: '10.4.1.0', mask: '255.255.255.0', mtu: '9000' },
  ],
  nodelist: [
    { node: 'a1', groups: 'a,all' },
    { node: 'a2', groups: 'a,all' },
    { node: 'b1', groups: 'b,all' },
    { node: 'store', groups: 'all' },
  ],
  hosts: [
    { node: 'a', ip: '|10.4.0.($1+10)|' },
    { node: 'b1', ip: '10.4.1.1' },
    { node: 'store', ip: '10.4.0.5' },
  ],
  mac: [
    { node: 'a1', mac: '02:00:00:00:00:01' },
    { node: 'a2', mac: '02:00:00:00:00:02' },
    { node: 'b1', mac: '02:00:00:00:00:03' },
  ],
  noderes: [
    { node: 'all', netboot: 'xnba' },
    { node: 'b', nfsserver: 'store' },
  ],
  nodetype: [
    { node: 'a', provmethod: 'one', arch: 'x86_64' },
    { node: 'b', provmethod: 'two' },
  ],
  osimage: [
    { imagename: 'one', provmethod: 'statelite', osarch: 'x86_64', groups: 'g' },
    { imagename: 'two', provmethod: 'statelite', osarch: 'ppc64le' },
  ],
  linuximage: [
    { imagename: 'one', rootimgdir: '/i/one' },
    { imagename: 'two', rootimgdir: '/i/two' },
  ],
  litefile: [
    { image: 'ALL', file: '/etc/motd', options: 'tmpfs' },
    { image: 'g', file: '/var/x/', options: 'persistent' },
  ],
  litetree: [{ priority: '1', directory: 'store:$site.lite/$node' }],
  statelite: [{ node: 'a', statemnt: 'store:/state' }],
}

type Change = readonly [table: string, keys: Record<string, string>, values: Record<string, string>]

const pick = (...texts: string[]) => fc.constantFrom(...texts)
const keyed = (
  table: string,
  keys: fc.Arbitrary<Record<string, string>>,
  values: fc.Arbitrary<Record<string, string>>,
) => fc.tuple(fc.constant(table), keys, values)
const owner = pick('a', 'b', 'all', 'a1', 'b1', 'store', 'c9').map((node) => ({ node }))

const change: fc.Arbitrary<Change> = fc.oneof(
  keyed(
    'site',
    pick('master', 'domain', 'lite', 'nodestatus', 'other').map((key) => ({ key })),
    pick('n', '10.4.0.5', '/x').map((value) => ({ value })),
  ),
  keyed(
    'networks',
    fc.constant({ net: '10.4.1.0', mask: '255.255.255.0' }),
    pick('1500', '').map((mtu) => ({ mtu })),
  ),
  keyed(
    'nodelist',
    pick('a1', 'b1', 'c9').map((node) => ({ node })),
    pick('a,all', 'b', 'all,b', '').map((groups) => ({ groups })),
  ),
  keyed(
    'nodelist',
    pick('a2', 'store').map((node) => ({ node })),
    pick('yes', 'no').map((disable) => ({ disable })),
  ),
  keyed('nodelist', fc.constant({ node: 'a1' }), fc.constant({ status: 'booted' })),
  keyed(
    'hosts',
    owner,
    pick('10.4.0.5', '10.4.0.11', '10.4.1.1', '10.9.9.9', '').map((ip) => ({ ip })),
  ),
  keyed(
    'mac',
    owner,
    pick('02:00:00:00:00:01', '02:00:00:00:00:09', '').map((mac) => ({ mac })),
  ),
  keyed(
    'noderes',
    owner,
    pick('store', 'a1', '10.4.0.9', '').map((nfsserver) => ({ nfsserver })),
  ),
  keyed(
    'noderes',
    owner,
    pick('pxe', 'grub2', 'xnba').map((netboot) => ({ netboot })),
  ),
  keyed(
    'nodetype',
    owner,
    pick('one', 'two', 'none', '').map((provmethod) => ({ provmethod })),
  ),
  keyed(
    'bootparams',
    owner,
    pick('quiet', '').map((addkcmdline) => ({ addkcmdline })),
  ),
  keyed(
    'chain',
    owner,
    pick('boot', 'offline', 'statelite').map((currstate) => ({ currstate })),
  ),
  keyed(
    'osimage',
    pick('one', 'two').map((imagename) => ({ imagename })),
    pick('g', 'h').map((groups) => ({ groups })),
  ),
  keyed(
    'linuximage',
    pick('one', 'two').map((imagename) => ({ imagename })),
    pick('/i/three', '').map((rootimgdir) => ({ rootimgdir })),
  ),
  keyed(
    'litefile',
    pick('one', 'two', 'g', 'h', 'ALL', '').map((image) => ({ image, file: '/etc/motd' })),
    pick('tmpfs', 'link').map((options) => ({ options })),
  ),
  keyed(
    'litetree',
    pick('1', '2').map((priority) => ({ priority })),
    pick('/in/root', 'b1:/t').map((directory) => ({ directory })),
  ),
  keyed(
    'statelite',
    owner,
    pick('store:/state', '10.4.0.1:/s').map((statemnt) => ({ statemnt })),
  ),
  keyed(
    'ipmi',
    owner,
    pick('10.8.0.1', '10.8.0.2').map((bmc) => ({ bmc })),
  ),
)

/** Every node, without any thought. */
function changedNodes(before: TablesView, after: TablesView): string[] {
  const [old, fresh] = [compileSnapshot(before, undefined, 1), compileSnapshot(after, undefined, 2)]
  const names = new Set<string>([...old.nodeNames, ...fresh.nodeNames])
  return [...names].filter((name) => {
    const texts = [old, fresh].map((snapshot) => {
      const node = snapshot.node(name)
      return node === undefined ? '' : JSON.stringify([...compileFacts(node, snapshot, answers)].sort())
    })
    return texts[0] !== texts[1]
  })
}

test('the nodes that are named are those whose answers change', async (t) => {
  const store = openSqliteStore({ path: ':memory:' })
  t.teardown(() => store.close())
  store.transact(
    (transaction) => {
      for (const [table, rows] of Object.entries(SITE)) transaction.replaceTable(table, rows)
    },
    { author: 'test' },
  )
  let found = 0
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
      const perform = (transaction: Transaction) => {
        for (const [table, keys, values] of changes) transaction.setRows(table, keys, values)
        return foreseeEdit(store, transaction)
      }
      const { result } = store.transact(perform, { author: 'test', dryRun: true })
      const effects = await compileEffects(result, answers, undefined)
      const named = effects.nodes.flatMap(({ nodes }) => nodes).sort()
      const expected = changedNodes(result.before, result.after).sort()
      if (expected.length > 0) found++
      t.deepEqual(named, expected, JSON.stringify(changes))
    }),
    { numRuns: 400 },
  )
  t.true(found > 100, `${found}`)
})
