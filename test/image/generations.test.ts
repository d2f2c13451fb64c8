/** Generations of an image: what is made, promoted and removed, and that no interruption leaves anything but whole ones. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { openGenerations } from '../../src/image/generations/generations.ts'
import { currentPlace } from '../../src/image/generations/layout.ts'
import { ImageError } from '../../src/image/image-error.ts'
import { file, type Item, makeWorkplace, readTree } from './image-tree.ts'

const ITEMS: readonly Item[] = [
  file('etc/motd', 'one\n'),
  file('usr/bin/tool', 'tool', 0o4755),
  { kind: 'hardlink', path: 'usr/bin/twin', to: 'usr/bin/tool' },
  { kind: 'symlink', path: 'etc/mtab', target: '/proc/mounts' },
  { kind: 'dir', path: 'srv/empty', mode: 0o2770 },
]

/** A DEST as liteimg left it before there were generations. */
function flatDest(): string {
  const dest = makeWorkplace(ITEMS)
  writeFileSync(join(dest, 'kernel'), 'kernel one')
  writeFileSync(join(dest, 'kernel.json'), '{}')
  writeFileSync(join(dest, 'initrd-statelite.gz'), 'initrd one')
  writeFileSync(join(dest, 'notes.txt'), 'of the administrator')
  return dest
}

function refusal(error: unknown): string {
  return error instanceof ImageError ? `${error.code}: ${error.message}` : String(error)
}

test('an image without generations is its own place', (t) => {
  const dest = flatDest()
  const generations = openGenerations(dest)
  t.deepEqual(generations.list(), [])
  t.is(generations.current(), undefined)
  t.deepEqual(generations.place(), { number: undefined, directory: dest, rootimg: join(dest, 'rootimg') })
  t.false(existsSync(join(dest, 'generations')), 'looking changes nothing')
})

test('the first new generation takes the plain files over as generation 1; old names go on working', async (t) => {
  const dest = flatDest()
  const before = readTree(join(dest, 'rootimg'))
  const generations = openGenerations(dest, { now: () => Date.UTC(2026, 0, 2) })
  const draft = await generations.begin({ from: 'current', by: 'liteimg', reason: 'a test', writer: 'replace' })
  t.is(draft.number, 2)
  t.deepEqual(readTree(draft.rootimg), before)
  t.is(generations.current()?.number, 1, 'a draft is nobody’s')
  rmSync(join(draft.rootimg, 'etc/motd'))
  writeFileSync(join(draft.rootimg, 'etc/motd'), 'two\n')
  writeFileSync(join(draft.directory, 'kernel'), 'kernel two')
  writeFileSync(join(draft.directory, 'rootimg.sfs'), 'packed')
  const made = await draft.commit({ promote: false, facts: { revision: 'abc' } })
  t.like(made, { number: 2, base: 1, by: 'liteimg', reason: 'a test', madeAt: '2026-01-02T00:00:00.000Z' })
  t.is(made.facts.revision, 'abc')
  t.is(readFileSync(join(dest, 'rootimg/etc/motd'), 'utf8'), 'one\n')
  t.is(readFileSync(join(dest, 'kernel'), 'utf8'), 'kernel one')
  await generations.promote(2)
  t.is(readFileSync(join(dest, 'rootimg/etc/motd'), 'utf8'), 'two\n')
  t.is(readFileSync(join(dest, 'kernel'), 'utf8'), 'kernel two')
  t.is(readFileSync(join(dest, 'initrd-statelite.gz'), 'utf8'), 'initrd one')
  t.is(readFileSync(join(dest, 'rootimg.sfs'), 'utf8'), 'packed')
  t.is(readlinkSync(join(dest, 'rootimg')), 'generations/current/rootimg')
  t.deepEqual(readTree(join(dest, 'generations/1/rootimg')), before)
  t.true(lstatSync(join(dest, 'notes.txt')).isFile(), 'what is no image file stays')
  const shared = (n: number) => statSync(join(dest, `generations/${n}/rootimg/usr/bin/tool`)).ino
  t.is(shared(1), shared(2), 'unchanged files share storage')
})

test('a writer that may write into files gets files of its own', async (t) => {
  const dest = flatDest()
  const generations = openGenerations(dest)
  const draft = await generations.begin({ from: 'current', by: 'genimage', reason: 'update' })
  writeFileSync(join(draft.rootimg, 'etc/motd'), 'written into\n')
  await draft.commit({ promote: true })
  t.is(readFileSync(join(dest, 'generations/1/rootimg/etc/motd'), 'utf8'), 'one\n')
  t.is(readFileSync(join(dest, 'rootimg/etc/motd'), 'utf8'), 'written into\n')
})

test('rollback goes back the way the promotions came, over removed ones and links set by hand', async (t) => {
  const dest = flatDest()
  const generations = openGenerations(dest)
  for (const reason of ['two', 'three', 'four', 'five'])
    await (await generations.begin({ from: 'current', by: 'edit', reason })).commit({ promote: true })
  t.is((await generations.rollback()).to.number, 4)
  await generations.remove([3])
  t.deepEqual(await generations.rollback().then(({ from, to }) => [from, to.number]), [4, 2])
  // By hand, in a spelling of one's own.
  rmSync(join(dest, 'generations/current'))
  symlinkSync('./5/', join(dest, 'generations/current'))
  t.is(generations.current()?.number, 5)
  t.is((await generations.rollback()).to.number, 2)
  t.is((await generations.rollback()).to.number, 1)
  t.regex(refusal(await t.throwsAsync(generations.rollback())), /no other generation was current before 1/)
})

test('numbers are not used twice; the current one is not removed', async (t) => {
  const dest = flatDest()
  const generations = openGenerations(dest)
  const make = async (promote: boolean) =>
    (await (await generations.begin({ from: 'current', by: 'edit', reason: 'x' })).commit({ promote })).number
  t.is(await make(true), 2)
  t.is(await make(false), 3)
  await generations.remove([3, 1])
  t.is(await make(false), 4)
  t.deepEqual(
    generations.list().map(({ number }) => number),
    [2, 4],
  )
  t.regex(refusal(await t.throwsAsync(generations.remove([2]))), /image-generation: .*is the current one/)
  t.regex(refusal(await t.throwsAsync(generations.promote(9))), /no generation 9: it has 2 4/)
})

test('an abandoned draft leaves nothing; two at once are told apart by the lock', async (t) => {
  const dest = flatDest()
  const generations = openGenerations(dest)
  const draft = await generations.begin({ from: 'empty', by: 'genimage', reason: 'x' })
  t.regex(
    refusal(await t.throwsAsync(generations.begin({ from: 'empty', by: 'genimage', reason: 'y' }))),
    /image-locked/,
  )
  await draft.abort()
  await draft.abort()
  t.deepEqual(readdirSync(join(dest, 'generations')).sort(), ['1', 'current'])
  await (await generations.begin({ from: 'empty', by: 'genimage', reason: 'z' })).abort()
})

test('a new image begins empty, and its first generation is current', async (t) => {
  const dest = join(makeWorkplace([]), 'new/image')
  const generations = openGenerations(dest)
  t.regex(
    refusal(await t.throwsAsync(generations.begin({ from: 'current', by: 'liteimg', reason: 'x' }))),
    /image-root: .*no image yet/,
  )
  const draft = await generations.begin({ from: 'empty', by: 'genimage', reason: 'built' })
  mkdirSync(draft.rootimg)
  const made = await draft.commit({ promote: false })
  t.is(made.number, 1)
  t.true(made.isCurrent)
  t.is(currentPlace(dest).rootimg, join(dest, 'generations/1/rootimg'))
})

test('a tree that is a link to a place elsewhere is taken over as that link', async (t) => {
  const dest = flatDest()
  const elsewhere = join(dest, 'elsewhere')
  renameSync(join(dest, 'rootimg'), elsewhere)
  symlinkSync('elsewhere', join(dest, 'rootimg'))
  const generations = openGenerations(dest)
  const draft = await generations.begin({ from: 'current', by: 'liteimg', reason: 'x', writer: 'replace' })
  t.is(readFileSync(join(draft.rootimg, 'etc/motd'), 'utf8'), 'one\n')
  t.false(lstatSync(draft.rootimg).isSymbolicLink())
  await draft.abort()
  t.is(readlinkSync(join(dest, 'generations/1/rootimg')), elsewhere)
})

test('a tree put beside the generations by hand is not ignored', async (t) => {
  const dest = flatDest()
  const generations = openGenerations(dest)
  await (await generations.begin({ from: 'current', by: 'edit', reason: 'x' })).commit({ promote: true })
  rmSync(join(dest, 'rootimg'))
  mkdirSync(join(dest, 'rootimg'))
  t.regex(refusal(await t.throwsAsync(generations.promote(1))), /rootimg is a directory although/)
})
