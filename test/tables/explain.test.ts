import test from 'ava'
import fc from 'fast-check'
import { explainAttribute, explainColumn, explainNode } from '../../src/tables/explain.ts'
import { renderExplanation } from '../../src/tables/explain-text.ts'
import { OBJECT_TYPES, type ObjectType } from '../../src/tables/object-types.ts'
import { type ObjectsContext, readAttribute } from '../../src/tables/objects.ts'
import { createResolver } from '../../src/tables/resolve.ts'
import { type ShortRows, viewOf } from './view.ts'

const NODE = OBJECT_TYPES.get('node') as ObjectType

function contextOf(tables: ShortRows): ObjectsContext {
  const view = viewOf(tables)
  return { view, resolver: createResolver(view) }
}

const cellText = fc.constantFrom('', 'a', '|x($1)|', '|^.*$||', '/n/m/', 'p,+=NEXTRECORD', '|n(|x|', '|(1/0)|')
const row = (node: string) =>
  fc.record({ node: fc.constant(node), postscripts: cellText, disable: fc.constantFrom('', '1') })

test('what is explained is what the node gets; every cell has one place', (t) => {
  const keys = ['n1', 'gA', 'gB', 'all']
  const rows = fc.tuple(...keys.map(row))
  fc.assert(
    fc.property(rows, fc.constantFrom('', 'postscripts', 'postscripts:;'), (postscripts, setting) => {
      const context = contextOf({
        site: setting === '' ? [] : [{ key: 'hierarchicalattrs', value: setting }],
        nodelist: [{ node: 'n1', groups: 'gA,gB,all' }],
        postscripts,
      })
      const explained = explainColumn(context, 'n1', 'postscripts', 'postscripts')
      t.is(explained.value, readAttribute(context, NODE, 'n1', 'postscripts')?.value ?? null)
      const places = [...explained.sources, ...explained.shadowed, ...explained.disabled].map(({ key }) => key)
      t.deepEqual(
        places.toSorted(),
        postscripts
          .filter((each) => each.postscripts !== '')
          .map(({ node }) => node)
          .toSorted(),
      )
      t.true(renderExplanation(explained).length > 1)
    }),
  )
})

test('an attribute of two tables: the one whose condition holds', (t) => {
  const context = contextOf({
    nodelist: [{ node: 'n1', groups: 'all' }],
    nodehm: [{ node: 'all', mgt: 'openbmc' }],
    openbmc: [{ node: 'n1', bmc: 'b1' }],
    ipmi: [{ node: 'n1', bmc: 'wrong' }],
  })
  const explained = explainAttribute(context, 'n1', 'bmc')
  t.like(explained, { table: 'openbmc', value: 'b1' })
  t.deepEqual(
    explained?.conditions.map(({ table, holds, value }) => [table, holds, value]),
    [
      ['ipmi', false, 'openbmc'],
      ['openbmc', true, 'openbmc'],
    ],
  )
  t.is(explainAttribute(context, 'n1', 'nosuch'), undefined)
  t.deepEqual(
    explainNode(context, 'n1').map(({ attribute }) => attribute),
    ['bmc', 'groups', 'mgt'],
  )
})
