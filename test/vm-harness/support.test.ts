import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { FIRMWARE } from '../../vm-harness/firmware.ts'
import { countsOf } from '../../vm-harness/lanes.ts'
import { renderSupport } from '../../vm-harness/matrix/render-support.ts'
import { mergeResults, type Result, readResults, SUPPORT_PAGE } from '../../vm-harness/matrix/results.ts'
import { WAYS } from '../../vm-harness/matrix/ways.ts'

const result = (way: string, more: Partial<Result> = {}): Result => ({
  ...{ way, root: 'nfs', passed: 40, failed: 0, seconds: 30, parts: ['ovmf 1'], date: '2026-01-01' },
  ...more,
})

test('the page is made from the results', (t) => {
  t.is(readFileSync(SUPPORT_PAGE, 'utf8'), renderSupport(readResults()))
})

test('what runs in CI was seen to work, each way with each of its roots', (t) => {
  const results = readResults()
  for (const { name, always } of WAYS)
    for (const root of always) {
      const seen = results.find((each) => each.way === name && each.root === root)
      t.true(seen !== undefined && seen.failed === 0 && seen.passed > 30, `${name} ${root}`)
    }
})

test('every way stands on the page, and its architecture has a rehearsal', (t) => {
  const page = renderSupport([])
  for (const { name, firmware } of WAYS) {
    t.true(page.includes(`| \`${name}\` |`), name)
    t.true(existsSync(join(import.meta.dirname, `../../vm-harness/scenarios/${FIRMWARE[firmware].arch}.ts`)), name)
  }
})

test('ways have names of their own', (t) => {
  t.is(new Set(WAYS.map(({ name }) => name)).size, WAYS.length)
})

test('the newest result of a way and root counts, a failed one too; ways that are gone are left out', (t) => {
  const merged = mergeResults(
    [result('uefi-ipxe'), result('bios-ipxe'), result('gone')],
    [result('uefi-ipxe', { failed: 2 }), result('uefi-ipxe', { root: 'ramdisk' })],
  )
  t.deepEqual(
    merged.map(({ way, root, failed }) => [way, root, failed]),
    [
      ['bios-ipxe', 'nfs', 0],
      ['uefi-ipxe', 'nfs', 2],
      ['uefi-ipxe', 'ramdisk', 0],
    ],
  )
})

test('a failure and a way that was not tried are told', (t) => {
  const page = renderSupport([result('uefi-ipxe', { failed: 2 })])
  t.regex(page, /^\| `uefi-ipxe` \|.*\| \*\*fails\*\*: 2 of 42 checks, 2026-01-01 \| not tried \|$/m)
  t.regex(renderSupport([result('uefi-ipxe')]), /^\| `uefi-ipxe` \|.*\| yes •: 40 checks, 30 s, 2026-01-01 \|/m)
  t.regex(page, /^\| `powernv9` \|.*\| not tried \| – \|$/m)
})

test('a rehearsal that ends without its verdict has failed', (t) => {
  t.deepEqual(countsOf('…\n\n12 passed, 0 failed\n', 0), { passed: 12, failed: 0 })
  t.deepEqual(countsOf('…\n\n12 passed, 3 failed\n', 1), { passed: 12, failed: 3 })
  t.deepEqual(countsOf('12 passed, 0 failed\n', 1), { passed: 12, failed: 1 })
  t.deepEqual(countsOf('TypeError: x is not a function\n', 1), { passed: 0, failed: 1 })
  t.deepEqual(countsOf('', null), { passed: 0, failed: 1 })
})
