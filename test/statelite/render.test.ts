import test from 'ava'
import type { ClusterNode } from '../../src/cluster/model.ts'
import { compileStatelite, type NodeStatelite } from '../../src/statelite/compile.ts'
import {
  describeStatelite,
  renderImageEntries,
  renderLitefile,
  renderLitetree,
  renderLslite,
} from '../../src/statelite/render.ts'
import { buildSnapshot, exampleImage, exampleNode, testContext } from './snapshot.ts'

function compiled(): NodeStatelite {
  const snapshot = buildSnapshot({
    nodes: [
      { ...exampleNode, attributes: { 'statelite.statemnt': 'nas:/state/$nodetype.arch', 'nodetype.arch': 'x86_64' } },
      { name: 'nas', ip: '10.20.0.3' },
    ],
    images: [exampleImage],
    litefile: [
      ['ALL', '/etc/hosts', 'rw'],
      ['hpc9-lite', '/opt/licences/', 'link,persistent'],
      ['', '/opt/licences/', 'ro'],
      ['blue', '/root/.ssh/', ''],
      ['ALL', '/root/.ssh/', 'ro'],
    ],
    litetree: [
      { priority: 10, directory: '10.1.0.1:/lt/base' },
      { priority: 1.5, directory: '/lt/local' },
      { priority: 2, directory: 'nas:/lt/$nodetype.arch/$node', mntopts: 'soft' },
    ],
  })
  const statelite = compileStatelite(snapshot.node('cn07') as ClusterNode, snapshot, testContext())
  if (statelite.image === undefined) throw new Error('not compiled')
  return statelite
}

test('litefile and ilitefile', (t) => {
  t.is(
    renderLitefile('cn07', compiled().entries),
    'cn07: tmpfs         /etc/hosts\ncn07: link,persistent /opt/licences/\ncn07: tmpfs         /root/.ssh/\n',
  )
})

test('litetree', (t) => {
  t.is(
    renderLitetree('cn07', compiled().trees),
    'cn07: /lt/local\ncn07: nas:/lt/x86_64/cn07 :soft\ncn07: 10.1.0.1:/lt/base\n',
  )
})

test('lslite of a node', (t) => {
  t.is(
    renderLslite(compiled()),
    `>>>Node: cn07

Osimage: hpc9-lite

Persistent directory (statelite table):
        nas:/state/x86_64


Litefiles (litefile table):
        tmpfs         /etc/hosts
        link,persistent /opt/licences/
        tmpfs         /root/.ssh/


Litetree path (litetree table):
        1.5, /lt/local
        2, nas:/lt/x86_64/cn07 :soft
        10, 10.1.0.1:/lt/base


`,
  )
})

test('lslite of an image, plain and verbose', (t) => {
  const { entries } = compiled()
  t.is(renderImageEntries(entries.slice(0, 1)), '        tmpfs         /etc/hosts\n')
  t.is(
    renderImageEntries(entries, true),
    `        tmpfs         /etc/hosts
                from litefile row image=ALL,file=/etc/hosts (options rw)
        link,persistent /opt/licences/
                from litefile row image=hpc9-lite,file=/opt/licences/
                shadows litefile row image=,file=/opt/licences/
        tmpfs         /root/.ssh/
                from litefile row image=blue,file=/root/.ssh/ (options blank)
                shadows litefile row image=ALL,file=/root/.ssh/
`,
  )
})

test('the JSON form loses nothing', (t) => {
  const said = JSON.parse(JSON.stringify(describeStatelite(compiled())))
  t.is(said.node, 'cn07')
  t.is(said.entries[1].row.options, 'link,persistent')
  t.deepEqual(said.entries[2].shadowed, [{ image: 'ALL', file: '/root/.ssh/', options: 'ro' }])
  t.is(said.trees[0].server, null)
  t.is(said.persistent.directory, '/state/x86_64/cn07')
})
