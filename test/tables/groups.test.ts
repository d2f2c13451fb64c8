import test from 'ava'
import { groupMembers, groupNames } from '../../src/tables/groups.ts'
import { createResolver } from '../../src/tables/resolve.ts'
import { viewOf } from './view.ts'

const view = viewOf({
  nodelist: [
    { node: 'n1', groups: 'a, b,a' },
    { node: 'n2', groups: 'b' },
    { node: 'n3', groups: 'b', disable: '1' },
  ],
  nodetype: [{ node: 'a', os: 'rhels9' }],
  nodegroup: [
    { groupname: 'rhel', grouptype: 'dynamic', wherevals: 'os=~^rhels' },
    { groupname: 'notrhel', grouptype: 'dynamic', wherevals: 'os!~^rhels' },
    { groupname: 'broken', grouptype: 'dynamic', wherevals: 'os=~(' },
    { groupname: 'empty', grouptype: 'static' },
  ],
})

test('static and dynamic members; a group only nodegroup knows has none', (t) => {
  const resolver = createResolver(view)
  const members = (group: string) => groupMembers(view, resolver, group)
  t.deepEqual(members('a'), ['n1'])
  t.deepEqual(members('b'), ['n1', 'n2'])
  t.deepEqual(members('rhel'), ['n1'])
  t.deepEqual(members('notrhel'), [], 'n2 has no os at all')
  t.deepEqual(members('broken'), [])
  t.deepEqual(members('empty'), [])
  t.is(members('nosuch'), undefined)
  t.deepEqual(groupNames(view), ['a', 'b', 'broken', 'empty', 'notrhel', 'rhel'])
})
