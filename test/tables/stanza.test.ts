import test from 'ava'
import fc from 'fast-check'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import type { Store } from '../../src/store/store.ts'
import { planLsdef } from '../../src/tables/lsdef.ts'
import { applyOperations } from '../../src/tables/messages.ts'
import { planObjectChange } from '../../src/tables/object-change.ts'
import type { ObjectsContext } from '../../src/tables/objects.ts'
import { createResolver } from '../../src/tables/resolve.ts'
import { TABLES } from '../../src/tables/schema.ts'
import { parseStanzas, renderStanza } from '../../src/tables/stanza.ts'

test('a stanza gives back what it was made of, whatever stands in the values', (t) => {
  const value = fc.oneof(
    fc.string({ minLength: 1, unit: 'grapheme' }),
    fc.constantFrom(
      '"',
      '""',
      '"a"',
      ' a ',
      'a = b',
      'x:',
      '# no comment',
      '/a,/b',
      '"a',
      'a"',
      'one\ntwo',
      '"\n"',
      '\r',
      'a\r\nb:',
    ),
  )
  const attributes = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), value, { noNullPrototype: true })
  fc.assert(
    fc.property(fc.array(attributes, { minLength: 1, maxLength: 4 }), (objects) => {
      const text = objects.flatMap((each, at) => renderStanza('node', `n${at}`, Object.entries(each))).join('\n')
      const { objects: parsed, faults } = parseStanzas(text)
      t.deepEqual(faults, [])
      t.deepEqual(
        parsed.map(({ name, attributes: found }) => ({ name, ...Object.fromEntries(found) })),
        objects.map((each, at) => ({ name: `n${at}`, ...each })),
      )
    }),
  )
})

test('any text is read or refused, never thrown at', (t) => {
  const piece = fc.constantFrom('n1:', 'default-node:', '\n', '    ', 'objtype=node', 'os=x', '"', '=', ':', '#', 'x')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const { objects, faults } = parseStanzas(pieces.join(''))
      t.true(Array.isArray(objects) && faults.every((fault) => fault !== ''))
    }),
  )
})

test('defaults add up; a blank one is taken back; the own value counts', (t) => {
  const { objects, faults } = parseStanzas(
    [
      'default-node:',
      '   groups=all',
      '   os=rhels9',
      'n1:',
      '   objtype=node',
      'default-node:',
      '   arch=x86_64',
      '   os=',
      '\tn2 :',
      'n2 :',
      '\tobjtype = node',
      '\tgroups="own"',
    ].join('\r\n'),
  )
  t.deepEqual(faults, ['line 9: "n2 :" is neither "name:" nor "attribute=value"'])
  t.deepEqual(
    objects.map(({ name, attributes }) => [name, Object.fromEntries(attributes)]),
    [
      ['n1', { groups: 'all', os: 'rhels9' }],
      ['n2', { groups: 'own', arch: 'x86_64' }],
    ],
  )
})

test('faults name line and object', (t) => {
  const faults = (text: string) => parseStanzas(text).faults
  t.regex(faults('n1:\n  os=x\n')[0] ?? '', /^line 1: 'n1' has no objtype=/)
  t.regex(
    faults('n1:\n  objtype=nod\n')[0] ?? '',
    /Type 'nod' is not a valid .*\(line 1, 'n1'\)\.\n +Did you mean 'node'/,
  )
  t.regex(faults('n1:\n objtype=node\nn1:\n objtype=node\n')[0] ?? '', /^line 3: 'n1' .* stands in line 1 already/)
  t.deepEqual(faults('os=x\n'), ['line 1: "os=x" is neither "name:" nor "attribute=value"'])
})

/** A site with everything that could be lost on the way. */
function fullSite(): Store {
  const store = openSqliteStore({ path: ':memory:' })
  store.transact(
    (transaction) => {
      const set = (table: string, keys: Record<string, string>, values: Record<string, string>) =>
        transaction.setRows(table, keys, values)
      set('site', { key: 'domain' }, { value: 'cluster.test' })
      for (const node of ['n1', 'n2', 'n3']) set('nodelist', { node }, { groups: 'lite,all', status: 'booted' })
      set('nodelist', { node: 'n1' }, { comments: ' quoted "x"\nsecond line ' })
      set('noderes', { node: 'lite' }, { netboot: 'xnba', discoverynics: 'eth9' })
      set('noderes', { node: 'n2' }, { netboot: '|^.*$||', comments: 'row comment' })
      set('hosts', { node: 'lite' }, { ip: '|10.4.0.($1)|' })
      set('hosts', { node: 'n3' }, { ip: '|10.9.0.($1)|', hostnames: 'three' })
      set('nodehm', { node: 'all' }, { mgt: 'ipmi' })
      set('ipmi', { node: 'n1' }, { bmc: 'b1', bmcid: '7' })
      set('vpd', { node: 'n1' }, { serial: 'S1', asset: 'A1' })
      set('nics', { node: 'n1' }, { nicips: 'eth0!1.1.1.1|2.2.2.2,ib0!3.3.3.3', nictypes: 'eth0!Ethernet' })
      set('nics', { node: 'lite' }, { nicaliases: '|n(\\d+)|eth0!a($1)|' })
      set('postscripts', { node: 'xcatdefaults' }, { postscripts: 'syslog' })
      set('postscripts', { node: 'lite' }, { postscripts: 'mine' })
      set('switch', { node: 'n1', switch: 's1', port: '1' }, { vlan: '5' })
      set('switch', { node: 'n1', switch: 's2', port: '2' }, { vlan: '6' })
      set('nodegroup', { groupname: 'dyn' }, { grouptype: 'dynamic', members: 'dynamic', wherevals: 'mgt==ipmi' })
      set('osimage', { imagename: 'img' }, { imagetype: 'linux', provmethod: 'statelite', groups: 'a,b' })
      set('linuximage', { imagename: 'img' }, { rootimgdir: '/install/x', comments: 'the image' })
      set('networks', { net: '10.4.0.0', mask: '255.255.0.0' }, { netname: 'net1', gateway: '<xcatmaster>' })
      set('policy', { priority: '1' }, { name: 'root', rule: 'allow' })
      set('rack', { rackname: 'r1' }, { num: '1' })
    },
    { author: 'test' },
  )
  return store
}

const contextOf = (store: Store): ObjectsContext => ({ view: store, resolver: createResolver(store) })
const allStanzas = (store: Store) =>
  planLsdef(contextOf(store), { all: true, long: true, stanza: true, hidden: true })
    .messages.map(({ text }) => text)
    .join('\n')
const dump = (store: Store) => Object.fromEntries([...TABLES.keys()].map((table) => [table, store.read(table)]))

for (const [command, force] of [
  ['mkdef', true],
  ['chdef', false],
] as const) {
  test(`lsdef -a -l -z | ${command} -z${force ? ' -f' : ''} changes nothing`, (t) => {
    const store = fullSite()
    const [before, stanzas] = [dump(store), allStanzas(store)]
    const plan = planObjectChange(contextOf(store), { command, force, attributes: [], stanzas })
    t.deepEqual(
      plan.messages.filter(({ kind }) => kind !== 'info'),
      [],
    )
    t.is(plan.exitStatus, 0)
    store.transact((transaction) => applyOperations(transaction, plan.operations), { author: 'test' })
    t.deepEqual(dump(store), before)
  })
}

test('an empty site filled from stanzas shows the same stanzas', (t) => {
  const full = fullSite()
  // A value that is kept from a node on purpose is nothing that a stanza could show.
  full.transact((transaction) => transaction.deleteRows('noderes', { node: 'n2' }), { author: 'test' })
  const from = allStanzas(full)
  const store = openSqliteStore({ path: ':memory:' })
  const plan = planObjectChange(contextOf(store), { command: 'mkdef', attributes: [], stanzas: from })
  t.deepEqual(
    plan.messages.filter(({ kind }) => kind === 'error'),
    [],
  )
  store.transact((transaction) => applyOperations(transaction, plan.operations), { author: 'test' })
  // mkdef -t group writes a nodegroup row, as in xCAT.
  t.is(allStanzas(store).replaceAll('\n    grouptype=static', ''), from)
})

test('mkdef -z -f of a changed node writes what changed; what it has from groups stays there', (t) => {
  const store = fullSite()
  const stanzas = allStanzas(store).replace('n1:\n    objtype=node\n', 'n1:\n    objtype=node\n    os=rhels9\n')
  const plan = planObjectChange(contextOf(store), { command: 'mkdef', force: true, attributes: [], stanzas })
  store.transact((transaction) => applyOperations(transaction, plan.operations), { author: 'test' })
  t.is(store.read('nodetype').find((row) => row.node === 'n1')?.os, 'rhels9')
  t.is(
    store.read('noderes').find((row) => row.node === 'n1'),
    undefined,
  )
  t.is(store.read('ipmi').find((row) => row.node === 'n1')?.bmc, 'b1')
})
