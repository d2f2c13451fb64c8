/** The policy table decides: xCAT's worked examples, the columns one by one, and properties. */
import test from 'ava'
import fc from 'fast-check'
import { decidePolicy, type PolicyRequest, policyFaults } from '../../src/api/access/policy.ts'
import { isWithin, parseTimes } from '../../src/api/access/policy-time.ts'
import type { Row } from '../../src/tables/row.ts'
import { cpuMs } from '../cpu-clock.ts'

type Cells = Readonly<Record<string, string>>

const RACK_A = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6']
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  rackA: RACK_A,
  low: ['n1', 'n2', 'n3'],
  high: ['n4', 'n5', 'n6'],
}

function expand(noderange: string) {
  const [sign, name] = noderange.startsWith('!') ? ['!', noderange.slice(1)] : ['', noderange]
  return { nodes: new Set(GROUPS[name] ?? name.split(',')), faults: sign === '' ? [] : ['cannot be read'] }
}

const NOON_MONDAY = new Date(2026, 10, 23, 12, 0)

function decide(rows: readonly Cells[], request: Partial<PolicyRequest>, now = NOON_MONDAY) {
  const whole = { user: 'bob', hosts: ['mn', '10.0.0.1'], command: 'lsdef', nodes: undefined, words: [], ...request }
  return decidePolicy(rows as readonly Row[], whole, now, expand)
}

const INITIAL: readonly Cells[] = [
  { priority: '1', name: 'root', rule: 'allow' },
  { priority: '1.2', name: 'mn', rule: 'trusted' },
  { priority: '4.7', commands: 'litefile', rule: 'allow' },
  { priority: '4.8', commands: 'litetree', rule: 'allow' },
]
const EXAMPLE: readonly Cells[] = [
  // Out of order on purpose.
  { priority: '8', name: '*', commands: 'lsdef', rule: 'Accept' },
  { priority: '7', name: 'amy', rule: 'deny' },
  { priority: '6', name: 'bob', commands: 'rpower', noderange: 'rackA', parameters: 'stat', rule: 'allow' },
  { priority: '5', name: 'bob', commands: 'nodels', rule: 'allow' },
  ...INITIAL,
]

const WORKED: readonly [user: string | undefined, command: string, nodes: string, words: string, verdict: string][] = [
  [undefined, 'litefile', '', '', 'allow 4.7'],
  [undefined, 'litefile', 'n9', '', 'allow 4.7'],
  [undefined, 'rpower', 'cn2', 'off', 'deny none'],
  ['root', 'rpower', 'cn2', 'off', 'allow 1'],
  ['mn', 'rpower', 'cn2', 'off', 'allow 1.2'],
  ['bob', 'nodels', 'n1', '', 'allow 5'],
  ['bob', 'lsdef', '', '', 'allow 8'],
  [undefined, 'lsdef', '', '', 'deny none'],
  ['bob', 'rpower', RACK_A.join(), 'stat', 'allow 6'],
  ['bob', 'rpower', RACK_A.join(), 'off', 'deny none'],
  ['bob', 'rpower', 'n1,n9', 'stat', 'deny none'],
  ['bob', 'rpower', '', 'stat', 'deny none'],
  ['amy', 'lsdef', '', '', 'deny 7'],
]

for (const [user, command, nodes, words, verdict] of WORKED) {
  test(`xCAT's example: ${user ?? 'nobody'} ${command} ${nodes} ${words} → ${verdict}`, (t) => {
    const { allowed, rule } = decide(EXAMPLE, {
      user,
      command,
      nodes: nodes === '' ? undefined : new Set(nodes.split(',')),
      words: words === '' ? [] : [words],
    })
    t.is(`${allowed ? 'allow' : 'deny'} ${rule ?? 'none'}`, verdict)
  })
}

test('rules together may cover a request; what is left over is denied, and named', (t) => {
  const rows = [
    { priority: '1', noderange: 'low', rule: 'allow' },
    { priority: '2', noderange: 'high', rule: 'allow' },
  ]
  t.like(decide(rows, { nodes: new Set(RACK_A) }), { allowed: true, rule: '2' })
  t.like(decide(rows, { nodes: new Set([...RACK_A, 'n9']) }), {
    allowed: false,
    reason: 'no policy row permits it for n9',
  })
})

test('a denying rule for some of the nodes denies the whole request, unless an earlier one settled them', (t) => {
  const deny = { priority: '5', noderange: 'low', rule: 'deny' }
  const rest = { priority: '9', rule: 'allow' }
  t.like(decide([deny, rest], { nodes: new Set(['n1', 'n9']) }), { allowed: false, rule: '5' })
  t.true(decide([deny, rest], { nodes: new Set(['n9']) }).allowed)
  const before = { priority: '4', noderange: 'n1', rule: 'allow' }
  t.like(decide([deny, rest, before], { nodes: new Set(['n1', 'n9']) }), { allowed: true, rule: '9' })
})

test('a rule with nodes says nothing about requests without, nor about an empty range', (t) => {
  const rows = [{ priority: '1', noderange: 'rackA', rule: 'allow' }]
  t.false(decide(rows, { nodes: undefined }).allowed)
  t.false(decide(rows, { nodes: new Set() }).allowed)
})

test('priorities are numbers, disabled rows do not count, blank and unknown rules deny', (t) => {
  const rows = [
    { priority: '10', rule: 'allow' },
    { priority: '9', rule: 'deny' },
  ]
  t.like(decide(rows, {}), { allowed: false, rule: '9' })
  t.like(decide([rows[0] ?? {}, { ...rows[1], disable: '1' }], {}), { allowed: true, rule: '10' })
  t.false(decide([{ priority: '1' }], {}).allowed)
  t.false(decide([{ priority: '1', rule: 'perhaps' }], {}).allowed)
  t.true(decide([{ priority: '1', rule: 'TRUSTED' }], {}).allowed)
})

test('hosts by short name or address, commands by whole words', (t) => {
  for (const host of ['mn', '10.0.0.1', '*', '']) t.true(decide([{ priority: '1', host, rule: 'allow' }], {}).allowed)
  for (const host of ['m', 'mn.cluster', '10.0.0.10'])
    t.false(decide([{ priority: '1', host, rule: 'allow' }], {}).allowed)
  for (const commands of ['lsdef', 'nodels, lsdef', '*'])
    t.true(decide([{ priority: '1', commands, rule: 'allow' }], {}).allowed)
  t.false(decide([{ priority: '1', commands: 'lsde,lsdef2', rule: 'allow' }], {}).allowed)
})

test('what cannot be understood permits nothing, denies all the same, and is said', (t) => {
  const broken: readonly Cells[] = [
    { time: 'whenever' },
    { parameters: '(' },
    { parameters: '^(a+)+$' },
    { noderange: '!n1' },
  ]
  const request = { nodes: new Set(['n1']), words: [`${'a'.repeat(60)}b`] }
  for (const cells of broken) {
    const permitting = decide([{ priority: '1', rule: 'allow', ...cells }], request)
    t.false(permitting.allowed)
    t.regex(permitting.faults[0] ?? '', /^policy row priority=1: /, JSON.stringify(cells))
    const denying = decide(
      [
        { priority: '1', rule: 'deny', ...cells },
        { priority: '2', rule: 'allow' },
      ],
      request,
    )
    t.like(denying, { allowed: false, rule: '1' })
  }
  t.is(policyFaults([{ priority: '3', time: 'never', parameters: '[' }] as readonly Row[]).length, 2)
})

test('a pattern that would run for years is given up within a moment', (t) => {
  const startMs = cpuMs()
  decide([{ priority: '1', parameters: '^(a+)+$', rule: 'allow' }], { words: [`${'a'.repeat(200)}b`] })
  decide([{ priority: '1', parameters: '.*.*.*.*.*.*x$', rule: 'allow' }], { words: ['a'.repeat(60_000)] })
  t.true(cpuMs() - startMs < 2000)
})

const TIMES: readonly [text: string, when: string, within: boolean][] = [
  ['mon-fri 08:00-18:00', '2026-11-23T08:00', true],
  ['mon-fri 08:00-18:00', '2026-11-23T18:00', false],
  ['mon-fri 08:00-18:00', '2026-11-22T12:00', false],
  ['Mon-Fri 8:00-18:00; sat 09:00-12:00', '2026-11-28T11:59', true],
  ['fri-mon', '2026-11-22T00:00', true],
  ['fri-mon', '2026-11-25T00:00', false],
  ['22:00-06:00', '2026-11-25T05:59', true],
  ['22:00-06:00', '2026-11-25T06:00', false],
  ['fri 22:00-06:00', '2026-11-28T03:00', true],
  ['fri 22:00-06:00', '2026-11-27T03:00', false],
  ['daily 00:00-24:00', '2026-11-27T23:59', true],
  ['mon,wed 08:00-09:00,10:00-11:00', '2026-11-25T10:30', true],
  ['mon,wed 08:00-09:00,10:00-11:00', '2026-11-25T09:30', false],
]

for (const [text, when, within] of TIMES) {
  test(`time ${text} at ${when}: ${within ? 'counts' : 'does not count'}`, (t) => {
    const times = parseTimes(text)
    if ('fault' in times) t.fail(times.fault)
    else t.is(isWithin(times.windows, new Date(when)), within)
  })
}

test('times that make no sense are faults', (t) => {
  for (const text of ['', ';', 'mo', 'mon-', 'mon 8-18', '25:00-26:00', '08:00', '08:60-09:00', '08:00-08:00', 'a b c'])
    t.true('fault' in parseTimes(text), text)
  fc.assert(fc.property(fc.string(), (text) => typeof parseTimes(text) === 'object'))
})

const someRow = fc.record(
  {
    priority: fc.constantFrom('1', '2', '2.5', '10', 'x'),
    name: fc.constantFrom('', '*', 'bob', 'amy'),
    host: fc.constantFrom('', 'mn', 'other'),
    commands: fc.constantFrom('', 'lsdef', 'rpower'),
    noderange: fc.constantFrom('', 'rackA', 'low', 'high', 'n9'),
    parameters: fc.constantFrom('', 'stat', '('),
    time: fc.constantFrom('', 'mon', 'sun', 'never'),
    rule: fc.constantFrom('allow', 'deny', '', 'trusted'),
    disable: fc.constantFrom('', '1'),
  },
  { requiredKeys: ['priority', 'rule'] },
)
const someRequest = fc.record({
  user: fc.constantFrom('bob', 'amy', undefined),
  command: fc.constantFrom('lsdef', 'rpower'),
  nodes: fc.option(fc.uniqueArray(fc.constantFrom(...RACK_A, 'n9')), { nil: undefined }).map((n) => n && new Set(n)),
  words: fc.constantFrom([], ['stat']),
})

test('fewer nodes are never harder to get: what is allowed for all is allowed for each', (t) => {
  fc.assert(
    fc.property(fc.array(someRow, { maxLength: 6 }), someRequest, (rows, request) => {
      const { nodes } = request
      if (!nodes || !decide(rows, request).allowed) return
      for (const node of nodes) t.true(decide(rows, { ...request, nodes: new Set([node]) }).allowed)
    }),
    { numRuns: 500 },
  )
})

test('without a permitting row nothing is allowed; a denying row in front of all denies; the order of rows is no matter', (t) => {
  fc.assert(
    fc.property(fc.array(someRow, { maxLength: 6 }), someRequest, (rows, request) => {
      const denying = rows.map((row) => ({ ...row, rule: 'deny' }))
      t.false(decide(denying, request).allowed)
      t.false(decide([...rows, { priority: '0', rule: 'deny' }], request).allowed)
      const unique = [...new Map(rows.map((row) => [row.priority, row])).values()]
      t.is(decide(unique, request).allowed, decide([...unique].reverse(), request).allowed)
    }),
    { numRuns: 500 },
  )
})
