import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { openLearnedLists } from '../../src/api/methods/statelite/learned-lists.ts'

function newDirectory(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-learned-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return join(directory, 'learned')
}

const boot = (bootId: string, path = '/etc/x') => ({
  bootId,
  uptimeSeconds: 1,
  image: 'lite',
  receivedMs: 5,
  paths: [{ kind: 'f', origin: 'new', sizeBytes: 1, mtime: 2, path }] as const,
  more: [],
})

test('kept on disk, boot by boot, for root only; lists that come at once do not lose each other', async (t) => {
  const directory = newDirectory(t)
  const lists = openLearnedLists(directory)
  t.deepEqual(await lists.read('cn1'), [])
  t.false(await lists.has('cn1'))
  await Promise.all(['a', 'b', 'a'].map((id, at) => lists.keep('cn1', boot(id, `/etc/${at}`))))
  const read = await openLearnedLists(directory).read('cn1')
  t.deepEqual(
    read.map(({ bootId, paths }) => `${bootId} ${paths[0]?.path}`),
    ['b /etc/1', 'a /etc/2'],
  )
  t.true(await lists.has('cn1'))
  t.deepEqual(await lists.read('cn2'), [])
  t.deepEqual(readdirSync(directory), ['cn1.json'])
  t.is(statSync(directory).mode & 0o777, 0o700)
})

test('a file that is no list is as good as none', async (t) => {
  const directory = newDirectory(t)
  const lists = openLearnedLists(directory)
  await lists.keep('cn1', boot('a'))
  for (const text of ['', '{', '{"version":9,"boots":[1]}']) {
    writeFileSync(join(directory, 'cn1.json'), text)
    t.deepEqual(await lists.read('cn1'), [], text)
  }
})
