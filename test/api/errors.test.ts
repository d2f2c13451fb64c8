import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { OPERATOR_ERRORS } from '../../src/api/errors.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/reference/errors.md'), 'utf8')

test('every error code stands in the reference, and no other', (t) => {
  const documented = [...page.matchAll(/^\| (LB_[A-Z_]+) \|/gm)].map((match) => match[1])
  t.deepEqual(documented.sort(), Object.keys(OPERATOR_ERRORS).sort())
})

test('every error says what to do', (t) => {
  for (const [code, advice] of Object.entries(OPERATOR_ERRORS)) t.regex(advice, /^[A-Z`].{10,}\.$/, code)
})

test('every error code is used somewhere', (t) => {
  const root = join(import.meta.dirname, '../..')
  const texts = ['src', 'vm-harness'].flatMap((directory) =>
    readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && name !== 'api/errors.ts')
      .map((name) => readFileSync(join(root, directory, name), 'utf8')),
  )
  const unused = Object.keys(OPERATOR_ERRORS).filter((code) => !texts.some((text) => text.includes(`'${code}'`)))
  t.deepEqual(unused, [])
})
