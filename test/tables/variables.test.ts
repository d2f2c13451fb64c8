import test from 'ava'
import fc from 'fast-check'
import { substituteVariables, type VariableLookup } from '../../src/tables/variables.ts'

const VALUES: Readonly<Record<string, string>> = {
  'noderes.nfsserver': '10.1.0.2',
  'nodetype.profile': 'compute',
  'nodetype.arch': 'x86_64',
  'nodetype.os': 'rhels9.4',
}
const lookup: VariableLookup = {
  node: 'cn2',
  attribute: (table, column) => VALUES[`${table}.${column}`],
  site: (key) => (key === 'domain' ? 'cluster.test' : undefined),
}

const DONE: readonly (readonly [string, string])[] = [
  ['$noderes.nfsserver:/lt/$nodetype.profile/$node', '10.1.0.2:/lt/compute/cn2'],
  ['10.1.0.1:/lt/x$node$nodetype.arch/z', '10.1.0.1:/lt/xcn2.x86_64/z'],
  ['$noderes.nfsserver://xm/inst/$node/', '10.1.0.2:/xm/inst/cn2'],
  ['10.20.0.3:/persist/$nodetype.profile', '10.20.0.3:/persist/compute'],
  ['/lt/local', '/lt/local'],
  ['10.1.0.1:///lt/a$node//b/', '10.1.0.1:/lt/acn2/b'],
  ['s:/x$node/#note', 's:/xcn2/#note'],
  ['/$nodetype.os$nodetype.arch', '/rhels9.4.x86_64'],
  ['s:/x/$' + '{node}-b', 's:/x/cn2-b'],
  ['s:/$' + '{node}$' + '{nodetype.arch}', 's:/cn2x86_64'],
  ['s:/$site.domain', 's:/cluster.test'],
  ['s:/$' + '{site.domain}.d//e', 's:/cluster.test.d/e'],
  ['s:/', 's:/'],
  ['/', '/'],
  ['', ''],
]
for (const [text, value] of DONE)
  test(`${text} → ${value}`, (t) => t.deepEqual(substituteVariables(text, lookup), { value }))

const REFUSED: readonly (readonly [string, RegExp, string | undefined])[] = [
  [
    '10.1.0.1:/lt/$noderes.nfsdir/x',
    /^noderes\.nfsdir is not set for cn2 \(\$noderes\.nfsdir\): no noderes row of the node or of its groups has it$/,
    'noderes.nfsdir',
  ],
  ['$site.master:/x', /^site\.master is not set for cn2 .*: no site row key=master$/, 'site.master'],
  ['10.1.0.1:/x/$node-b', /^\$node-b is not a variable: write \$\{node\}-b$/, undefined],
  ['s:/$nosuch.x', /there is no table nosuch/, undefined],
  ['s:/$osimage.profile', /table osimage does not say anything about a node/, undefined],
  ['s:/$nodetyp.arch', /there is no table nodetyp; did you mean nodetype\?/, undefined],
  ['s:/$nodetype.bogus', /table nodetype has no column bogus/, undefined],
  ['s:/$', /^\$ is not a variable/, undefined],
  ['s:/$nodetype', /^\$nodetype is not a variable: there are/, undefined],
  ['s:/a$node/#CMD=echo hi#/b', /commands in tables are not run/, undefined],
]
for (const [text, fault, missing] of REFUSED) {
  test(`${text} is refused`, (t) => {
    const result = substituteVariables(text, lookup)
    t.true('fault' in result)
    if (!('fault' in result)) return
    t.regex(result.fault, fault)
    t.is(result.missing, missing)
  })
}

test('the result never holds a variable, a doubled slash, or the word UNDEFINED', (t) => {
  const piece = fc.constantFrom(
    '$node',
    '$nodetype.arch',
    '$noderes.nfsdir',
    `$${'{node}'}`,
    '${',
    '}',
    '/',
    ':',
    'a',
    '$',
    '-',
    ' ',
    '#',
  )
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const result = substituteVariables(pieces.join(''), lookup)
      if ('value' in result) t.notRegex(result.value, /\$node|\/\/|UNDEFINED/)
      else t.not(result.fault, '')
    }),
  )
})
