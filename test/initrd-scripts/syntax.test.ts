import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { makeWorkDirectory, removeWorkDirectory, SCRIPTS, SHELLS, STEPS } from './shells.ts'

const PROGRAMS = ['lean/init', 'lean/udhcpc.script', 'node/statelite', 'node/liteboot-learned.sh']
const FILES = [...PROGRAMS, ...STEPS.map((step) => `steps/${step}.sh`)]

/** All steps and /init in one text: shellcheck then sees that what one file sets another uses. */
function wholeProgram(): string {
  const steps = STEPS.map((step) => readFileSync(join(SCRIPTS, 'steps', `${step}.sh`), 'utf8'))
  return ['#!/bin/sh', ...steps, readFileSync(join(SCRIPTS, 'lean/init'), 'utf8').replace(/^#!.*\n/, '')].join('\n')
}

const hasShellcheck = spawnSync('shellcheck', ['--version']).status === 0
const withShellcheck = hasShellcheck ? test : test.skip

withShellcheck(`shellcheck finds nothing${hasShellcheck ? '' : ' (shellcheck is not installed)'}`, (t) => {
  const work = makeWorkDirectory()
  t.teardown(() => removeWorkDirectory(work))
  const whole = join(work, 'whole.sh')
  writeFileSync(whole, wholeProgram())
  for (const file of [whole, ...PROGRAMS.slice(1).map((name) => join(SCRIPTS, name))]) {
    const { status, stdout } = spawnSync('shellcheck', ['-s', 'sh', file], { encoding: 'utf8' })
    t.is(status, 0, stdout)
  }
})

test('/init sources every step, and the steps folder has no other file', (t) => {
  const init = readFileSync(join(SCRIPTS, 'lean/init'), 'utf8')
  t.true(init.includes(`for step in ${STEPS.join(' ')}; do`))
  t.deepEqual(readdirSync(join(SCRIPTS, 'steps')).sort(), STEPS.map((step) => `${step}.sh`).sort())
})

for (const shell of SHELLS) {
  test(`${shell.name} parses every file`, (t) => {
    for (const file of FILES) {
      const [program, ...rest] = shell.argv
      const { status, stderr } = spawnSync(program, [...rest, '-n', join(SCRIPTS, file)], { encoding: 'utf8' })
      t.is(status, 0, `${file}: ${stderr}`)
    }
  })
}

test('nothing that only some shells know: local, [[, ==, $RANDOM, function, here-strings', (t) => {
  for (const file of FILES) {
    for (const [at, line] of readFileSync(join(SCRIPTS, file), 'utf8').split('\n').entries()) {
      if (/^\s*#/.test(line)) continue
      // awk programs have == and functions of their own.
      if (/^\s*(\$1|NR|\{|END|for|if|after|ours|function|finished)/.test(line)) continue
      t.notRegex(line, /(^|[\s;])(local|declare|typeset)\s|\[\[|\$RANDOM|<<</, `${file}:${at + 1}`)
    }
  }
})

test('no program is called by its path: only the applets on PATH are there', (t) => {
  const absolute = /(^|[\s;&|(])\/(usr\/)?s?bin\/(?!busybox)[a-z]/
  for (const file of FILES.filter((name) => name !== 'node/statelite')) {
    const text = readFileSync(join(SCRIPTS, file), 'utf8').replace(/^#!.*$/m, '')
    for (const line of text.split('\n').filter((each) => !/^\s*#|-e \/sbin\/modprobe|:-\/sbin\/init/.test(each))) {
      t.notRegex(line, absolute, file)
    }
  }
})
