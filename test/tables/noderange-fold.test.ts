import test from 'ava'
import fc from 'fast-check'
import { expandNodeRange } from '../../src/tables/noderange.ts'
import { foldNodeNames } from '../../src/tables/noderange-fold.ts'
import { createResolver } from '../../src/tables/resolve.ts'
import { cpuMs } from '../cpu-clock.ts'
import { viewOf } from './view.ts'

function expand(text: string, existing: readonly string[], verify: boolean): readonly string[] {
  const view = viewOf({ nodelist: existing.map((node) => ({ node, groups: 'all' })) })
  const { nodes, unknown, faults } = expandNodeRange(text, { view, resolver: createResolver(view) }, { verify })
  if (unknown.length + faults.length > 0) throw new Error(`${text}: ${unknown} ${faults}`)
  return nodes
}

const FOLDED: readonly (readonly [names: string, folded: string])[] = [
  ['', ''],
  ['n1', 'n1'],
  ['n3 n1 n2', 'n[1-3]'],
  ['n1 n2 n10 n9', 'n[1-2,9-10]'],
  ['cn001 cn002 cn120', 'cn[001-002,120]'],
  ['cn098 cn099 cn100 cn101', 'cn[098-101]'],
  ['cn098 cn099 cn99 cn100', 'cn[098-100,99]'],
  ['n08 n09 n10 n8 n9', 'n[8-10,08-09]'],
  ['n0 n1', 'n[0-1]'],
  ['r1b1 r1b2 r2b1 r2b2', 'r[1-2]b[1-2]'],
  ['r1b1 r1b2 r2b1', 'r1b[1-2],r2b1'],
  ['n1-ib n2-ib', 'n[1-2]-ib'],
  ['gpu2 login gpu1', 'gpu[1-2],login'],
  // Names that would be read as a range or as part of one.
  ['n1-n3', 'n1-n[3]'],
  ['foo-foo', 'foo-fo[o]'],
  ['n1-n999999999', 'n1-n99999999[9]'],
  ['1--1-', '[1]--1-'],
  ['a-b-c', 'a-b-c'],
  // Not numbers to count with.
  ['s12345678901234567890 s12345678901234567891', 's12345678901234567890,s12345678901234567891'],
]
for (const [names, folded] of FOLDED) {
  test(`${names || 'no names'} folds to ${folded || 'nothing'}`, (t) =>
    t.is(foldNodeNames(names.split(' ').filter(Boolean)), folded))
}

/** Few letters and small numbers: so that names meet. */
const nodeName = fc
  .array(fc.constantFrom('n', 'r', '-', '_', '0', '1', '2', '9', '10', '09', '099', '100', '1-', 'n1'), {
    minLength: 1,
    maxLength: 5,
  })
  .map((pieces) => pieces.join(''))
  .filter((name) => /^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(name))

test('what is folded expands to the same nodes', (t) => {
  fc.assert(
    fc.property(fc.uniqueArray(nodeName, { minLength: 1, maxLength: 30 }), (names) => {
      t.deepEqual(expand(foldNodeNames(names), names, true), [...names].sort())
    }),
    { numRuns: 2_000 },
  )
})

test('also where the nodes do not exist, if no name is digits only', (t) => {
  const names = fc.uniqueArray(
    nodeName.filter((name) => !/^\d+$/.test(name)),
    { minLength: 1, maxLength: 30 },
  )
  fc.assert(
    fc.property(names, (given) => t.deepEqual(expand(foldNodeNames(given), [], false), [...given].sort())),
    { numRuns: 2_000 },
  )
})

test('a range that is expanded and folded is itself', (t) => {
  const place = fc.tuple(fc.nat(200), fc.integer({ min: 1, max: 40 }), fc.nat(4)).map(([first, count, width]) => {
    const written = (number: number) => String(number).padStart(width, '0')
    // A number with leading zeros keeps its width, so both ends have it.
    return `[${written(first)}-${written(first + count)}]`
  })
  fc.assert(
    fc.property(fc.array(place, { minLength: 1, maxLength: 2 }), (places) => {
      const range = places.map((text, at) => 'rn'[at] + text).join('')
      t.is(foldNodeNames(expand(range, [], false)), range)
    }),
  )
})

test('a hundred thousand names fold in a moment', (t) => {
  const names = Array.from({ length: 100_000 }, (_, at) => `r${at % 100}n${at}`)
  const start = cpuMs()
  foldNodeNames(names)
  // Some 0.3 s; the bound only tells linear from quadratic.
  t.true(cpuMs() - start < 5_000)
})
