import test from 'ava'
import fc from 'fast-check'
import { BLOCKING_CELL, cellForm, compileCell } from '../../src/tables/cells.ts'

/** Observed on the reference implementation: node, cell, value ('' is unset). */
const REFERENCE = [
  ['n5', String.raw`/\z/-bmc/`, 'n5-bmc'],
  ['n5', '/n/bmc/', 'bmc5'],
  ['n17', '/^n//', '17'],
  ['n5', '/nomatch/x/', 'n5'],
  ['n5', String.raw`/(\d+)/x$1/`, 'nx$1'],
  ['n3', '/install/lite/', 'n3'],
  ['n5', '|10.0.0.($1)|', '10.0.0.5'],
  ['n025', '|10.0.0.($1)|', '10.0.0.25'],
  ['n5', '|10.0.0.($1+10)|', '10.0.0.15'],
  ['n25', '|10.0.($1/10).($1%10)|', '10.0.2.5'],
  ['n25', String.raw`|n(\d+)|10.0.0.($1+0)|`, '10.0.0.25'],
  ['r3b12', '|10.($1).0.($2)|', '10.3.0.12'],
  ['r3b12', String.raw`|r(\d+)b(\d+)|10.0.($1).(($1-1)*14+$2)|`, '10.0.3.40'],
  ['node20', String.raw`|\D+(\d+)|cmm(sprintf('%02d',($1-1)/14+1))|`, 'cmm02'],
  ['node20', String.raw`|\D+(\d+)|(($1-1)%14+1)|`, '6'],
  ['n17', '|-ib:10.1.0.($1)|', '-ib:10.1.0.17'],
  ['n12', "|10.0.0.(skip($1,'3:2'))|", '10.0.0.10'],
  ['n300', '|(ipadd(10,0,0,1,$1,0,0))|', '10.0.1.45'],
  ['n5-ib', '|10.1.0.($1)|', '10.1.0.5'],
  ['n5-ib', String.raw`|\D+(\d+)|10.1.0.($1)|`, '10.1.0.5-ib'],
  ['n025', '|bmc$1|', 'bmc$1'],
  ['n025', '|bmc($1)|', 'bmc25'],
  ['n5', String.raw`|z(\d+)|10.0.0.($1)|`, 'n5'],
  ['login', '|10.0.0.($1+1)|', '10.0.0.1'],
  ['n5', BLOCKING_CELL, ''],
  ['n5', '||', ''],
  ['n5', '|x|', 'x'],
  ['n17', '|^(.*)$|srv:/state|', 'srv:/state'],
] as const

for (const [node, cell, value] of REFERENCE) {
  test(`value pattern: ${node} with ${cell}`, (t) => {
    t.deepEqual(compileCell(cell).evaluate(node), { value })
  })
}

test('a regular expression in the middle of the name leaves the rest alone', (t) => {
  t.is(compileCell(String.raw`|(\d+)|10.0.0.($1)|`).evaluate('n17').value, 'n10.0.0.17')
})

test('the whole cell must have the form of a pattern', (t) => {
  const plain = [' |x|', '|x| ', '|x|y', '/a/b', '/a/b/c/', 'a/b/c/', '/a/', '|', '']
  t.deepEqual(
    plain.map(cellForm),
    plain.map(() => 'plain'),
  )
  t.deepEqual(['/a/b/', '|a|', '|a|b|', '||', '|||'].map(cellForm), ['slash', 'easy', 'bar', 'easy', 'bar'])
})

test('expressions are integers with Perl precedence', (t) => {
  const value = (expression: string) => compileCell(`|^.*$|(${expression})|`).evaluate('n1').value
  t.is(value('7/2'), '3')
  t.is(value('0-7/2'), '-3')
  t.is(value('-7%3'), '-1')
  t.is(value('2+3*4'), '14')
  t.is(value('10-3-2'), '5')
  t.is(value('1<2 ? 5 : 6'), '5')
  t.is(value('2==2 ? 1==2 ? 7 : 8 : 9'), '8')
  t.is(value("'a'"), 'a')
  t.is(value("sprintf('%s-%03d-%x%%','b',7,255)"), 'b-007-ff%')
  t.is(value("sprintf('%-4d|%+d', 3, 4)"), '3   |+4')
  t.is(value("a2idx('C')"), '3')
  t.is(value("a2zidx('c')"), '2')
  t.is(value("mknum('ab')"), '195')
  t.is(value('dim2idx(2,14,3)'), '17')
  t.is(value('dim2idx(2,3,2,4,1)'), '17')
  t.is(value("skip(3,'3:2')"), '-1')
  t.is(value("skip(9,'1,3:2')"), '6')
  t.is(value('ipadd(10,0,0,1,253,1,1)'), '10.0.0.254')
  t.is(value('ipadd(10,0,0,1,254,1,1)'), '10.0.1.1')
})

test('what cannot be worked out is empty and says why', (t) => {
  const fault = (cell: string) => compileCell(cell).evaluate('n1')
  t.deepEqual(fault('|a($1/0)b|'), { value: 'ab', fault: 'expression ($1/0): division by zero' })
  t.is(fault('|a(1+)b|').value, 'ab')
  t.regex(fault('|(exec(1))|').fault ?? '', /there is no function exec; there are sprintf/)
  t.regex(fault('|(1;2)|').fault ?? '', /";2" is not understood/)
  t.regex(fault('|n(|x|').fault ?? '', /^regular expression n\(/)
  t.is(fault('|n(|x|').value, '')
  t.regex(compileCell('|(9999999999999999*9)|').evaluate('n1').fault ?? '', /too large/)
  t.regex(compileCell('|(?>a)|x|').fault ?? '', /\(\?> is not supported/)
})

test("Perl's regular expressions are read as Perl does", (t) => {
  const value = (regex: string, node: string) => compileCell(`|${regex}|X|`).evaluate(node).value
  t.is(value(String.raw`\An`, 'nn'), 'Xn')
  t.is(value('[[:digit:]]+', 'n12'), 'nX')
  t.is(value('(?i)N', 'n1'), 'X1')
  t.is(value('[]n]', 'n1'), 'X1')
  t.is(value(String.raw`\d+\Z`, 'n12'), 'nX')
})

test('no cell makes it throw, or takes long', (t) => {
  const piece = fc.constantFrom(
    '|',
    '/',
    '(',
    ')',
    '$1',
    '$2',
    '+',
    '-',
    '*',
    '%',
    '1',
    '22',
    "'",
    ',',
    'sprintf',
    'skip',
    'ipadd',
    'n',
    '\\d',
    '[',
    ']',
    '?',
    ':',
  )
  const cell = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 25 }).map((pieces) => `|${pieces.join('')}|`),
  )
  fc.assert(
    fc.property(cell, fc.stringMatching(/^[a-z]{1,4}\d{0,4}$/), (text, node) => {
      const result = compileCell(text).evaluate(node)
      t.is(typeof result.value, 'string')
      if (cellForm(text) === 'plain') t.is(result.value, text)
    }),
  )
})

test('the easy form gives the numbers of a name, without leading zeros', (t) => {
  const part = fc.tuple(fc.stringMatching(/^[a-z-]{1,5}$/), fc.integer({ min: 1, max: 99_999 }), fc.nat(3))
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
      const name = parts.map(([word, number, zeros]) => word + '0'.repeat(zeros) + number).join('')
      const cell = `|${parts.map((_, at) => `($${at + 1})`).join('.')}|`
      t.is(compileCell(cell).evaluate(name).value, parts.map(([, number]) => number).join('.'))
    }),
  )
})
