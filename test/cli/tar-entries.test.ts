/** The reader of tar archives: what tar writes, and what nobody should have written. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { isTar, TarFault, tarEntries } from '../../src/cli/migration/tar-entries.ts'

function archive(t: ExecutionContext, options: readonly string[], fill: (directory: string) => void): Buffer {
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-tar-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  fill(directory)
  return execFileSync('tar', [...options, '-C', directory, '-cf', '-', '.'], { maxBuffer: 1e8 })
}

const read = (bytes: Buffer) => [...tarEntries(bytes)].map(({ path, content }) => [path, content.toString()])

const LONG = `${'directory-of-a-dump/'.repeat(12)}`

for (const format of ['gnu', 'oldgnu', 'ustar', 'pax', 'v7'] as const) {
  test(`files of an archive in the format ${format}; directories and links are nothing`, (t) => {
    const bytes = archive(t, ['--format', format, '--sort', 'name'], (directory) => {
      mkdirSync(join(directory, 'dump'))
      writeFileSync(join(directory, 'dump', 'a.csv'), '#key\n')
      writeFileSync(join(directory, 'dump', 'b.csv'), 'x'.repeat(1200))
      writeFileSync(join(directory, 'empty.csv'), '')
      symlinkSync('/etc/passwd', join(directory, 'passwd.csv'))
    })
    t.deepEqual(read(bytes), [
      ['./dump/a.csv', '#key\n'],
      ['./dump/b.csv', 'x'.repeat(1200)],
      ['./empty.csv', ''],
    ])
    t.is(isTar(bytes), format !== 'v7')
  })
}

for (const format of ['gnu', 'pax'] as const) {
  test(`long names in the format ${format}`, (t) => {
    const bytes = archive(t, ['--format', format], (directory) => {
      mkdirSync(join(directory, LONG), { recursive: true })
      writeFileSync(join(directory, LONG, 'site.csv'), '#key\n')
    })
    t.deepEqual(read(bytes), [[`./${LONG}site.csv`, '#key\n']])
  })
}

test('a damaged archive is refused, wherever it is damaged; nothing is read beyond its end', (t) => {
  const bytes = archive(t, [], (directory) => writeFileSync(join(directory, 'a.csv'), '#key\n'.repeat(300)))
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length), (at, value, length) => {
      const copy = Buffer.from(bytes.subarray(0, length))
      if (at < length) copy[at] = value
      try {
        for (const { content } of tarEntries(copy)) t.true(content.length <= 1500)
      } catch (error) {
        t.true(error instanceof TarFault, String(error))
      }
    }),
    { numRuns: 2000 },
  )
  t.throws(() => read(bytes.subarray(0, 1536)), { instanceOf: TarFault, message: 'the archive is cut short' })
})
