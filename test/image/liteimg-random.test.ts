/**
 * The promise of liteimg: whatever the table and whatever happens on the way, no byte of the image is lost, and without
 * entries the image is what it was.
 */
import { spawn } from 'node:child_process'
import { chmodSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import fc from 'fast-check'
import { errnoOf, ImageError } from '../../src/image/image-error.ts'
import { assignRoles, isLinkOption, LITE_OPTIONS, type LiteEntry } from '../../src/image/liteimg/entry.ts'
import { liteimg } from '../../src/image/liteimg/liteimg.ts'
import { entry, type Item, LEFT_BEHIND, makeWorkplace, readTree, request } from './image-tree.ts'

/** Awkward names that a listed path may have. */
const NAME = fc.constantFrom('a', 'b', 'c+d', '(e)', "f'g", '.h', 'i"j', '$k', '-l', 'ü')
/** Names that only stand somewhere in the tree. */
const ODD_NAME = fc.oneof(NAME, fc.constantFrom('with blank', 'new\nline', '*', '\\', '...', 'col:on'))
const TOP = fc.constantFrom('etc', 'var', 'opt', 'root')

const rawItem = fc.record({
  kind: fc.constantFrom('file', 'file', 'dir', 'symlink', 'hardlink' as const),
  top: TOP,
  middle: fc.array(ODD_NAME, { maxLength: 2 }),
  name: ODD_NAME,
  content: fc.string({ maxLength: 8 }),
  mode: fc.constantFrom(0o644, 0o600, 0o755, 0o4755, 0o2770),
  target: fc.constantFrom('../a', '/liteboot-outside/a', 'nowhere', '/outside', '../../../../../liteboot-outside/file'),
})

/** A tree without contradictions: a path is one thing, and what has something below it is a directory. */
const tree = fc.array(rawItem, { minLength: 1, maxLength: 14 }).map((raws): Item[] => {
  const items = new Map<string, Item>([['etc', { kind: 'dir', path: 'etc' }]])
  const files: string[] = []
  for (const raw of raws) {
    const path = [raw.top, ...raw.middle, raw.name].join('/')
    const parents = path.split('/').map((_, index, parts) => parts.slice(0, index).join('/'))
    if (items.has(path) || parents.some((parent) => items.has(parent) && items.get(parent)?.kind !== 'dir')) continue
    const target = files[raw.content.length % Math.max(1, files.length)]
    if (raw.kind === 'file') items.set(path, { kind: 'file', path, content: raw.content, mode: raw.mode })
    else if (raw.kind === 'dir') items.set(path, { kind: 'dir', path, mode: raw.mode | 0o700 })
    else if (raw.kind === 'symlink') items.set(path, { kind: 'symlink', path, target: raw.target })
    else if (target !== undefined) items.set(path, { kind: 'hardlink', path, to: target })
    if (raw.kind === 'file') files.push(path)
    for (const parent of parents)
      if (parent !== '' && !items.has(parent)) items.set(parent, { kind: 'dir', path: parent })
  }
  return [...items.values()].sort((a, b) => (a.kind === 'hardlink' ? 1 : 0) - (b.kind === 'hardlink' ? 1 : 0))
})

const option = fc.constantFrom(...LITE_OPTIONS)
const rawEntry = fc.record({
  option,
  pick: fc.nat(40),
  isNew: fc.boolean(),
  top: TOP,
  names: fc.array(NAME, { minLength: 1, maxLength: 3 }),
  isDirectory: fc.boolean(),
})
const table = fc.array(rawEntry, { maxLength: 6 })

/** Entries for existing objects and new paths; what contradicts the tree or the other entries is left out. */
function entriesFor(
  items: readonly Item[],
  raws: readonly (typeof rawEntry extends fc.Arbitrary<infer T> ? T : never)[],
) {
  const byPath = new Map(items.map((item) => [item.path, item]))
  const entries: LiteEntry[] = []
  for (const raw of raws) {
    const picked = items[raw.pick % items.length]
    const path = raw.isNew || picked === undefined ? [raw.top, ...raw.names].join('/') : picked.path
    if (/[\n]/.test(path)) continue
    const parents = path.split('/').map((_, index, parts) => parts.slice(0, index).join('/'))
    if (parents.some((parent) => (byPath.get(parent)?.kind ?? 'dir') !== 'dir')) continue
    const kind = byPath.get(path)?.kind
    if (kind === 'symlink') continue
    const isDirectory = kind === undefined ? raw.isDirectory : kind === 'dir'
    const candidate = entry(raw.option, `/${path}${isDirectory ? '/' : ''}`)
    if (isDirectory && raw.option.includes('con')) continue
    if (assignRoles([...entries, candidate]).problems.length === 0) entries.push(candidate)
  }
  return entries
}

/** The content as the server sees it through our links: every original path must read as in the reference tree. */
function visibleFiles(root: string, reference: Record<string, string>, items: readonly Item[]): string[] {
  const wrong: string[] = []
  for (const item of items) {
    if (item.kind !== 'file' && item.kind !== 'hardlink') continue
    const content = item.kind === 'file' ? item.content : undefined
    let found: string | undefined
    try {
      found = readFileSync(join(root, item.path), 'utf8')
    } catch (error) {
      found = `(${errnoOf(error)})`
    }
    if (content !== undefined && reference[`/${item.path}`] !== undefined && found !== content) wrong.push(item.path)
  }
  return wrong
}

const RUNS = { numRuns: Number(process.env.LITEBOOT_IMAGE_RUNS ?? 5) }

test('random tables over a random tree: all content stays readable, and without entries the tree is the original', async (t) => {
  await fc.assert(
    fc.asyncProperty(tree, fc.array(table, { minLength: 1, maxLength: 4 }), async (items, tables) => {
      const place = makeWorkplace(items)
      const root = join(place, 'rootimg')
      try {
        const before = readTree(root, LEFT_BEHIND)
        for (const raws of tables) {
          const report = await liteimg(request(place, entriesFor(items, raws)))
          t.deepEqual(visibleFiles(root, before, items), [])
          t.deepEqual(
            report.warnings.filter((line) => !line.includes('will dangle')),
            [],
            'nothing had to be saved aside',
          )
        }
        await liteimg(request(place, []))
        t.deepEqual(readTree(root, LEFT_BEHIND), before)
        t.deepEqual(Object.keys(readTree(join(root, '.default'))), ['/'])
        t.deepEqual(Object.keys(readTree(join(root, '.statelite/tmpfs'))), ['/'])
        t.is(readFileSync(join(place, 'outside/canary'), 'utf8'), 'untouched\n')
      } finally {
        rmSync(place, { recursive: true })
      }
    }),
    RUNS,
  )
})

test('edits made in the image between runs are kept, wherever the content lay at the time', async (t) => {
  const edits = fc.array(fc.record({ pick: fc.nat(40), content: fc.string({ maxLength: 6 }) }), { maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(tree, fc.array(fc.tuple(table, edits), { minLength: 1, maxLength: 3 }), async (items, rounds) => {
      const place = makeWorkplace(items)
      const root = join(place, 'rootimg')
      const twin = join(place, 'twin')
      cpSync(root, twin, { recursive: true, verbatimSymlinks: true })
      // The twin's hard links are separate files, so files with several names are not edited.
      const linked = new Set(items.map((item) => (item.kind === 'hardlink' ? item.to : '')))
      const originals = items.filter((item) => item.kind === 'file' && !linked.has(item.path))
      try {
        for (const [raws, changes] of rounds) {
          await liteimg(request(place, entriesFor(items, raws)))
          for (const { pick, content } of changes) {
            const item = originals[pick % Math.max(1, originals.length)]
            if (item === undefined) continue
            for (const side of [root, twin]) writeFileSync(join(side, item.path), content)
            chmodSync(join(root, item.path), 0o640)
          }
        }
        await liteimg(request(place, []))
        for (const item of originals)
          t.is(readFileSync(join(root, item.path), 'utf8'), readFileSync(join(twin, item.path), 'utf8'), item.path)
      } finally {
        rmSync(place, { recursive: true })
      }
    }),
    { numRuns: RUNS.numRuns },
  )
})

class Interrupted extends Error {}

test('interrupted before any single change and run again: converges, with the same table or another', async (t) => {
  // Some hundred runs, each of which waits for the disk.
  t.timeout(600_000)
  const items: Item[] = [
    { kind: 'file', path: 'etc/a', content: 'a', mode: 0o600 },
    { kind: 'file', path: 'etc/lvm/x', content: 'x' },
    { kind: 'file', path: 'root/p', content: 'p' },
    { kind: 'file', path: 'var/log/m', content: 'm' },
    { kind: 'symlink', path: 'var/run', target: '/run' },
    { kind: 'dir', path: 'opt/empty', mode: 0o700 },
  ]
  const first = [
    entry('link', '/liteboot-outside/a'),
    entry('tmpfs', '/etc/lvm/'),
    entry('link', '/root/'),
    entry('link', '/root/new/child'),
    entry('tmpfs', '/opt/empty/'),
    entry('tmpfs', '/new/deep/file'),
  ]
  const second = [
    entry('tmpfs', '/liteboot-outside/a'),
    entry('link', '/etc/lvm/'),
    entry('link', '/root/'),
    entry('link,persistent', '/root/other'),
    entry('tmpfs', '/var/'),
    entry('persistent', '/var/log/m'),
    entry('link', '/new/'),
  ]
  let interruptions = 0
  for (const afterwards of [second, first, []]) {
    for (let stopAt = 1; ; stopAt++) {
      const place = makeWorkplace(items)
      const root = join(place, 'rootimg')
      const before = readTree(root, LEFT_BEHIND)
      await liteimg(request(place, first))
      let steps = 0
      const onStep = () => {
        if (++steps === stopAt) throw new Interrupted()
      }
      const stopped = await liteimg(request(place, second, { onStep })).then(
        () => false,
        (error: unknown) => {
          if (!(error instanceof Interrupted)) throw error
          return true
        },
      )
      interruptions += stopped ? 1 : 0
      const again = await liteimg(request(place, afterwards))
      t.deepEqual(again.warnings, [], `stopped at ${stopAt}`)
      t.deepEqual(visibleFiles(root, before, items), [], `stopped at ${stopAt}`)
      await liteimg(request(place, []))
      t.deepEqual(readTree(root, LEFT_BEHIND), before, `stopped at ${stopAt}`)
      rmSync(place, { recursive: true })
      if (!stopped) break
    }
  }
  t.true(interruptions > 60, `${interruptions} interruptions`)
})

test('killed with -9 at random moments: the next run finds a way, and nothing is lost', async (t) => {
  t.timeout(600_000)
  const items: Item[] = Array.from({ length: 30 }, (_, index) => ({
    kind: 'file' as const,
    path: `etc/d${index % 5}/f${index}`,
    content: `content ${index}`,
  }))
  const place = makeWorkplace(items)
  const root = join(place, 'rootimg')
  const before = readTree(root, LEFT_BEHIND)
  const program = join(dirname(fileURLToPath(import.meta.url)), 'liteimg-loop.ts')
  let killed = 0
  for (let round = 0; round < 12; round++) {
    const child = spawn(process.execPath, [program, place, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)))
    // The first line says that the loop runs; then anything from 5 to 160 ms into it.
    await new Promise((resolve) => child.stdout.once('data', resolve))
    await new Promise((resolve) => setTimeout(resolve, 5 + ((round * 67) % 155)))
    child.kill('SIGKILL')
    if ((await ended) === 'SIGKILL') killed++
    await runWhenUnlocked(place, round % 3 === 0 ? [] : [entry('link', '/etc/d0/'), entry('tmpfs', '/etc/d1/f1')])
    t.deepEqual(visibleFiles(root, before, items), [], `round ${round}`)
  }
  t.is(killed, 12)
  await liteimg(request(place, []))
  t.deepEqual(readTree(root, LEFT_BEHIND), before)
})

/** A copying program that outlives its killed parent holds the lock until it has ended. */
async function runWhenUnlocked(place: string, entries: readonly LiteEntry[]): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    try {
      await liteimg(request(place, entries))
      return
    } catch (error) {
      if (!(error instanceof ImageError) || error.code !== 'image-locked') throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  throw new Error('the lock of a killed process was never released')
}

test('two runs at once: one works, the other is told so', async (t) => {
  const place = makeWorkplace([{ kind: 'file', path: 'etc/a', content: 'a' }])
  const results = await Promise.allSettled([
    liteimg(request(place, [entry('link', '/liteboot-outside/a')])),
    liteimg(request(place, [entry('tmpfs', '/liteboot-outside/a')])),
  ])
  const refused = results.filter((result) => result.status === 'rejected')
  t.is(refused.length, 1)
  t.true(refused[0]?.reason instanceof ImageError && refused[0].reason.code === 'image-locked')
})

test('isLinkOption tells the four link options from the others', (t) => {
  t.deepEqual(LITE_OPTIONS.filter(isLinkOption), ['link', 'link,ro', 'link,con', 'link,persistent'])
})
