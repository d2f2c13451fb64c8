import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import fc from 'fast-check'
import { costExponent, SlowMatch } from '../../src/tables/bounded-regexp.ts'
import { compileCell } from '../../src/tables/cells.ts'
import { compilePerlRegex } from '../../src/tables/perl-regexp.ts'
import { cpuMs } from '../cpu-clock.ts'

test('expressions of real tables are matched without a watch', (t) => {
  for (const source of [
    String.raw`\D+(\d+)`,
    String.raw`\D+(\d+)\D+(\d+)\D+(\d+)`,
    String.raw`r(\d+)b(\d+)`,
    '^.*$',
    '^(.*)$',
    String.raw`^n(\d+)-ib$`,
    '^rhels|^sles',
    '(?:compute|login)[0-9]+',
    String.raw`\z`,
  ])
    t.true(costExponent(source) < 2, source)
})

test('what can take for ever is watched', (t) => {
  for (const source of [
    '(a+)+$',
    String.raw`(\w+)*!`,
    '(a|a)*$',
    '(a|ab)+c',
    String.raw`(.*)\1+`,
    '((a*)b?)*c',
    '(?:x+x+)+y',
  ])
    t.is(costExponent(source), Number.POSITIVE_INFINITY, source)
  t.true(costExponent('.*.*.*.*=') >= 4)
})

const BAD = [
  '(a+)+$',
  '(a|a)*$',
  '(a*)*$',
  '(.*a){20}$',
  '(?:a?){30}a{30}!',
  '.*.*.*.*.*.*.*=',
  `${'a?'.repeat(30)}${'a'.repeat(30)}!`,
]
for (const source of BAD) {
  test(`${source} ends, in a cell and as a condition`, (t) => {
    const started = cpuMs()
    const name = `${'a'.repeat(60)}-1`
    const cell = compileCell(`|${source}|x|`)
    for (let time = 0; time < 100; time++) cell.evaluate(name)
    t.is(typeof cell.evaluate(name).value, 'string')
    const compiled = compilePerlRegex(source)
    t.true('regex' in compiled)
    if ('regex' in compiled) {
      try {
        compiled.regex.test(`${'a'.repeat(5000)}-1`)
      } catch (error) {
        t.true(error instanceof SlowMatch)
      }
    }
    t.true(cpuMs() - started < 3000)
  })
}

test('a cell that takes too long has no value, and says so', (t) => {
  const { value, fault } = compileCell('|(a+)+$|x|').evaluate(`${'a'.repeat(60)}-1`)
  t.is(value, '')
  t.regex(fault ?? '', /^regular expression \(a\+\)\+\$ takes too long/)
})

test('watched or not, the match is the same', (t) => {
  const piece = fc.constantFrom('a', 'b', '.', String.raw`\d`, '[ab]', '+', '*', '(', ')', '|', '?', '{2,}', '1')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), fc.stringMatching(/^[ab1]{0,8}$/), (pieces, text) => {
      const source = pieces.join('')
      const compiled = compilePerlRegex(source)
      let plain: RegExp
      try {
        plain = new RegExp(source)
      } catch {
        return
      }
      if ('regex' in compiled)
        t.deepEqual([...(compiled.regex.exec(text) ?? [])], [...(plain.exec(text) ?? [])], source)
    }),
  )
})

test('time in which the process did not run does not count: a match is not given up because the machine is busy', async (t) => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'match-child.ts')], { stdio: 'pipe' })
  t.teardown(() => child.kill('SIGKILL'))
  let stderr = ''
  child.stderr.on('data', (text: Buffer) => {
    stderr += text.toString()
  })
  const ended = once(child, 'exit')
  await once(child.stdout, 'data')
  for (let stop = 0; stop < 10; stop++) {
    await sleep(10)
    child.kill('SIGSTOP')
    await sleep(120)
    child.kill('SIGCONT')
  }
  child.stdin.on('error', () => {})
  child.stdin.write('\n')
  t.deepEqual(await ended, [0, null], stderr)
})
