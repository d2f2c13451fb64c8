/** The reader of tar archives: what tar writes, and what nobody should have written. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { tarMembers } from '../../src/tar/archive.ts'
import { isTar, TarFault } from '../../src/tar/header.ts'

function archive(t: ExecutionContext, options: readonly string[], fill: (directory: string) => void): Buffer {
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-tar-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  fill(directory)
  return execFileSync('tar', [...options, '-C', directory, '-cf', '-', '.'], { maxBuffer: 1e8 })
}

/** Files and what they hold, of an archive that comes in pieces of this size. */
async function read(bytes: Buffer, pieceBytes = bytes.length): Promise<string[][]> {
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; at += pieceBytes) pieces.push(bytes.subarray(at, at + pieceBytes))
  const files: string[][] = []
  for await (const { path, kind, sizeBytes, content } of tarMembers(pieces)) {
    if (kind !== 'file') continue
    const whole = await buffer(content)
    if (whole.length !== sizeBytes) throw new Error(`${path} has ${whole.length} of ${sizeBytes} bytes`)
    files.push([path, whole.toString()])
  }
  return files
}

const LONG = `${'directory-of-a-dump/'.repeat(12)}`

for (const format of ['gnu', 'oldgnu', 'ustar', 'pax', 'v7'] as const) {
  test(`files of an archive in the format ${format}, whole and in pieces; links are no files`, async (t) => {
    const bytes = archive(t, ['--format', format, '--sort', 'name'], (directory) => {
      mkdirSync(join(directory, 'dump'))
      writeFileSync(join(directory, 'dump', 'a.csv'), '#key\n')
      writeFileSync(join(directory, 'dump', 'b.csv'), 'x'.repeat(1200))
      writeFileSync(join(directory, 'empty.csv'), '')
      symlinkSync('/etc/passwd', join(directory, 'passwd.csv'))
    })
    const files = [
      ['./dump/a.csv', '#key\n'],
      ['./dump/b.csv', 'x'.repeat(1200)],
      ['./empty.csv', ''],
    ]
    for (const pieceBytes of [bytes.length, 1, 511, 513])
      t.deepEqual(await read(bytes, pieceBytes), files, `${pieceBytes}`)
    t.is(isTar(bytes), format !== 'v7')
  })
}

for (const format of ['gnu', 'pax'] as const) {
  test(`long names in the format ${format}`, async (t) => {
    const bytes = archive(t, ['--format', format], (directory) => {
      mkdirSync(join(directory, LONG), { recursive: true })
      writeFileSync(join(directory, LONG, 'site.csv'), '#key\n')
    })
    t.deepEqual(await read(bytes), [[`./${LONG}site.csv`, '#key\n']])
  })
}

test('a damaged archive is refused, wherever it is damaged; nothing is read beyond its end', async (t) => {
  const bytes = archive(t, [], (directory) => writeFileSync(join(directory, 'a.csv'), '#key\n'.repeat(300)))
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length), async (at, value, length) => {
      const copy = Buffer.from(bytes.subarray(0, length))
      if (at < length) copy[at] = value
      try {
        for (const [, content = ''] of await read(copy)) t.true(content.length <= 1500)
      } catch (error) {
        t.true(error instanceof TarFault, String(error))
      }
    }),
    { numRuns: 2000 },
  )
  await t.throwsAsync(read(bytes.subarray(0, 1536)), { instanceOf: TarFault, message: 'the archive is cut short' })
})

test('what a reader does not want is skipped, also from the middle of a member; the source is let go', async (t) => {
  const bytes = archive(t, ['--sort', 'name'], (directory) => {
    for (const name of ['a', 'b', 'c']) writeFileSync(join(directory, name), name.repeat(3000))
  })
  let isClosed = false
  async function* source() {
    try {
      for (let at = 0; at < bytes.length; at += 700) yield bytes.subarray(at, at + 700)
    } finally {
      isClosed = true
    }
  }
  const seen: string[] = []
  for await (const { path, content } of tarMembers(source())) {
    seen.push(path)
    if (path === './a') for await (const _ of content) break
    if (path === './b') break
  }
  t.deepEqual(seen, ['./', './a', './b'])
  t.true(isClosed)
})
