/** The page of findings has every code that the source has, and no other. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'

const ROOT = join(import.meta.dirname, '../..')

function sources(directory: string, names: RegExp): string {
  const path = join(ROOT, 'src', directory)
  const files = readdirSync(path).filter((name) => names.test(name))
  return files.map((name) => readFileSync(join(path, name), 'utf8')).join('\n')
}

test('every code of a finding is documented', (t) => {
  const text =
    sources('tables', /check/) + sources('api', /^(checkers|findings)\.ts$/) + sources('api/methods/check', /./)
  const patterns = [
    /(?:severity|'(?:error|warning|info)'),\s*'([a-z-]+)'/g,
    /code: '([a-z-]+)'/g,
    /\bwarn\('([a-z-]+)'/g,
    /(?:code: isKnown|isOwn) \? '([a-z-]+)' : '([a-z-]+)'/g,
  ]
  const codes = new Set(patterns.flatMap((pattern) => [...text.matchAll(pattern)].flatMap((match) => match.slice(1))))
  for (const severity of ['error', 'warning']) codes.delete(severity)
  const page = readFileSync(join(ROOT, 'docs/reference/findings.md'), 'utf8')
  const rows = page.split('\n').filter((line) => line.startsWith('| `'))
  const documented = new Set(
    rows.flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([a-z-]+)`/g)].map((found) => found[1] ?? '')),
  )
  t.true(codes.size > 50, `${codes.size}`)
  t.deepEqual([...codes].filter((code) => !documented.has(code)).sort(), [])
  // Chosen together with another one.
  t.deepEqual([...documented].filter((code) => !codes.has(code)).sort(), ['unreadable'])
})
