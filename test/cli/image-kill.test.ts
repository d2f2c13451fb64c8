/**
 * Work on images killed (SIGKILL) at random moments and run again: it comes to what an undisturbed run comes to, nothing
 * is left over, and at every moment between a node is given the generation before or the one after, whole.
 */
import { execFileSync, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { currentPlace } from '../../src/image/generations/layout.ts'
import { readTree } from '../image/image-tree.ts'
import { putSmallImage } from '../image/small-image.ts'
import { type NodeView, viewOfNode } from './node-view.ts'
import { newSite, runCommand, type Site } from './transcript.ts'

const CHILD = join(import.meta.dirname, 'call-child.ts')
const KILLS = Number(process.env.LITEBOOT_IMAGE_KILLS ?? 4)

interface Call {
  readonly method: string
  readonly params: Readonly<Record<string, unknown>>
}

interface Ended {
  readonly status: number | null
  readonly tookMs: number
  readonly stderr: string
}

function callInChild(site: Site, { method, params }: Call, killAfterMs?: number): Promise<Ended> {
  const env = { ...process.env, LITEBOOT_STATE: site.places.state }
  const child = spawn(process.execPath, [CHILD, method, JSON.stringify(params)], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stderr, begunMs] = ['', 0]
  let timer: NodeJS.Timeout | undefined
  child.stdout.once('data', () => {
    begunMs = performance.now()
    if (killAfterMs !== undefined) timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs)
  })
  child.stderr.on('data', (text: Buffer) => {
    stderr += text.toString()
  })
  return new Promise((resolve) =>
    // Not `close`: what it has started may live a little longer, and hold the pipe.
    child.once('exit', (status) => {
      clearTimeout(timer)
      resolve({ status, tookMs: performance.now() - begunMs, stderr })
    }),
  )
}

/** A copying program of the killed one keeps the image locked until it has ended. */
async function runAgain(t: ExecutionContext, site: Site, call: Call, label: string): Promise<number> {
  for (let tried = 0; ; tried++) {
    const { status, stderr, tookMs } = await callInChild(site, call)
    if (status !== 0 && /being changed by another command/.test(stderr) && tried < 100) await sleep(50)
    else {
      // Killed after its last step, the rows: it was done, and what it has come to is looked at as ever.
      if (!/^there is an image fresh already/.test(stderr)) t.is(status, 0, `${label}: ${stderr}`)
      return tookMs
    }
  }
}

async function run(t: ExecutionContext, site: Site, line: string): Promise<void> {
  const ran = await runCommand(site, line.replaceAll('@', site.directory).split(' '))
  t.is(ran.status, 0, `${line}: ${ran.stderr}`)
}

/** An image of a few MiB that do not compress, in many files, prepared; node cn1 boots it. */
async function siteWithImage(t: ExecutionContext, rootfstype: 'nfs' | 'ramdisk'): Promise<Site> {
  const site = newSite(t)
  const dest = join(site.directory, 'install/netboot/el9/x86_64/compute')
  putSmallImage(dest, ['drivers/block/loop', 'fs/overlayfs/overlay', 'fs/squashfs/squashfs'])
  for (let index = 0; index < 300; index++) {
    const directory = join(dest, 'rootimg/opt', String(index % 12))
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, String(index)), randomBytes(index % 20 === 0 ? 700_000 : 500))
  }
  mkdirSync(join(dest, 'rootimg/.default/etc'), { recursive: true })
  mkdirSync(join(site.directory, 'install/custom'))
  writeFileSync(join(site.directory, 'install/custom/lite.pkglist'), 'bash\n')
  const columns = 'osimage.osvers=el9 osimage.osarch=x86_64 osimage.profile=compute'
  const directory = 'linuximage.rootimgdir=@/install/netboot/el9/x86_64/compute'
  for (const line of [
    'chtab key=installdir site.value=@/install',
    'chtab key=master site.value=10.20.0.2',
    'chtab netname=boot networks.net=10.20.0.0 networks.mask=255.255.0.0',
    `chtab imagename=lite ${columns} osimage.provmethod=statelite osimage.rootfstype=${rootfstype} ${directory}`,
    'chtab imagename=lite linuximage.pkglist=@/install/custom/lite.pkglist',
    `chtab imagename=net ${columns} osimage.provmethod=netboot ${directory}`,
    'chtab image=lite,file=/etc/motd litefile.options=tmpfs',
    'mkdef -t node cn1 groups=all ip=10.20.0.7 mac=52:54:00:00:00:07 arch=x86_64 netboot=xnba provmethod=lite',
    'mkdef -t node cn2 groups=all ip=10.20.0.8 mac=52:54:00:00:00:08 arch=x86_64 netboot=xnba provmethod=net',
    'liteimg lite',
  ])
    await run(t, site, line)
  return site
}

const destOf = (site: Site) => join(site.directory, 'install/netboot/el9/x86_64/compute')
/** Throws when a file that the boot file or the plan names is not there, or not the one that its name says. */
const viewOf = (site: Site, node: string) => viewOfNode(site.places.tables, node)
const generationOf = ({ boot }: NodeView) => Number(boot.replace(/^.*@/, ''))

/** A tree without the times of its making; files of an image; what is in archives, but for the packing's own mark. */
function contentOf(path: string): unknown {
  if (!existsSync(path)) return 'not there'
  const tree = Object.entries(readTree(path)).map(([name, what]) => [name, what.replace(/ \d{19}/, '')])
  return tree.filter(([name]) => name !== '/opt/xcat/xcatinfo' && !/^\/\.statelite\/(manifest|state)/.test(name ?? ''))
}

function unpacked(archive: string): unknown {
  const to = mkdtempSync(join(tmpdir(), 'liteboot-unpacked-'))
  try {
    if (archive.endsWith('.sfs')) execFileSync('unsquashfs', ['-q', '-n', '-f', '-d', to, archive], { stdio: 'ignore' })
    else execFileSync('bsdtar', ['-xpf', archive, '-C', to])
    for (const inner of readdirSync(to, { recursive: true, encoding: 'utf8' }))
      if (inner.endsWith('rootimgtree.gz')) {
        const tree = unpacked(join(to, inner))
        rmSync(join(to, inner))
        return [tree, contentOf(to)]
      }
    return contentOf(to)
  } finally {
    rmSync(to, { recursive: true, force: true })
  }
}

/** What an image has come to, whatever the number of its generation. */
function outcomeOf(dest: string): unknown {
  const { directory, rootimg } = currentPlace(dest)
  const files = readdirSync(directory)
    .filter((name) => name !== 'rootimg' && !name.endsWith('.json'))
    .sort()
    .map((name) => {
      const path = join(directory, name)
      if (/^rootimg[-.]/.test(name)) return [name, unpacked(path)]
      return [name, createHash('sha256').update(readFileSync(path)).digest('hex')]
    })
  return { files, tree: contentOf(rootimg), names: readdirSync(dest).sort() }
}

/** Names that only work in progress has. */
function leftovers(site: Site): string[] {
  return readdirSync(site.directory, { recursive: true, encoding: 'utf8' }).filter((path) => {
    const name = basename(path)
    if (path.startsWith('state/') || name.endsWith('.liteboot-lock')) return false
    return /liteboot-|^\.(new|gone)-|^\.packed-tree/.test(name)
  })
}

/** The lines that only one of the two has. */
function difference(one: unknown, other: unknown): string[] {
  const linesOf = (value: unknown) => new Set(JSON.stringify(value, undefined, 1).split('\n'))
  const [a, b] = [linesOf(one), linesOf(other)]
  const only = (lines: Set<string>, others: Set<string>) => [...lines].filter((line) => !others.has(line))
  return [...only(a, b).map((line) => `- ${line.trim()}`), ...only(b, a).map((line) => `+ ${line.trim()}`)]
}

interface Killed {
  readonly site: Site
  /** Whose boot is looked at. */
  readonly node?: string
  /** Before each round. */
  readonly prepare: (round: number) => Promise<void>
  readonly call: Call
  readonly outcome: () => unknown
}

async function killAndRunAgain(
  t: ExecutionContext,
  { site, node = 'cn1', prepare, call, outcome }: Killed,
): Promise<void> {
  // Twice: what is done may be done and undone in turn.
  const undisturbed: unknown[] = []
  let usualMs = 0
  for (const round of [0, 1, 2]) {
    await prepare(round)
    usualMs = await runAgain(t, site, call, 'undisturbed')
    undisturbed[round % 2] = outcome()
  }
  t.deepEqual(leftovers(site), [], 'undisturbed')
  let killed = 0
  for (let round = 1; killed < KILLS && round <= KILLS * 5; round++) {
    await prepare(round)
    const before = viewOf(site, node)
    const moment = (usualMs * (killed + Math.random())) / KILLS
    const label = `killed after ${Math.round(moment)} of ${Math.round(usualMs)} ms`
    const { status, tookMs } = await callInChild(site, call, moment)
    if (status === null) killed++
    // The machine has become faster: the moments come earlier.
    else usualMs = Math.min(usualMs, tookMs) * 0.8
    const between = viewOf(site, node)
    if (between.boot === before.boot) t.deepEqual(between, before, label)
    else t.is(generationOf(between), generationOf(before) + 1, label)
    await runAgain(t, site, call, label)
    t.deepEqual(difference(undisturbed[round % 2], outcome()), [], label)
    t.is(Object.keys(viewOf(site, node).files).length, Object.keys(before.files).length, label)
    t.deepEqual(leftovers(site), [], label)
  }
  t.log(`${killed} of ${KILLS} killed, ${Math.round(usualMs)} ms each`)
  t.is(killed, KILLS)
}

for (const [title, rootfstype, params] of [
  ['liteimg, NFS root', 'nfs', {}],
  ['liteimg, packed root (cpio)', 'ramdisk', { method: 'cpio', compressor: 'gzip' }],
  ['liteimg, packed root (squashfs)', 'ramdisk', { method: 'squashfs', compressor: 'gzip' }],
] as const)
  test.serial(title, async (t) => {
    t.timeout(300_000)
    const site = await siteWithImage(t, rootfstype)
    await killAndRunAgain(t, {
      site,
      prepare: (round) =>
        run(
          t,
          site,
          round % 2 === 0 ? 'chtab -d file=/etc/new litefile' : 'chtab image=lite,file=/etc/new litefile.options=tmpfs',
        ),
      call: { method: 'image.liteimg', params: { image: 'lite', ...params } },
      outcome: () => outcomeOf(destOf(site)),
    })
  })

for (const method of ['cpio', 'squashfs'])
  test.serial(`packimage (${method})`, async (t) => {
    t.timeout(300_000)
    const site = await siteWithImage(t, 'nfs')
    await killAndRunAgain(t, {
      site,
      node: 'cn2',
      prepare: async () => {},
      call: { method: 'image.pack', params: { image: 'net', method, compressor: 'gzip' } },
      outcome: () => outcomeOf(destOf(site)),
    })
  })

test.serial('imgexport', async (t) => {
  t.timeout(300_000)
  const site = await siteWithImage(t, 'nfs')
  const bundle = join(site.directory, 'lite.tgz')
  await killAndRunAgain(t, {
    site,
    prepare: async () => rmSync(bundle, { force: true }),
    call: { method: 'image.export', params: { image: 'lite', file: bundle } },
    outcome: () => unpacked(bundle),
  })
})

test.serial('imgimport', async (t) => {
  t.timeout(300_000)
  const site = await siteWithImage(t, 'nfs')
  const bundle = join(site.directory, 'lite.tgz')
  await run(t, site, 'imgexport lite @/lite.tgz')
  const dest = join(site.directory, 'install/netboot/el9/x86_64/fresh')
  await killAndRunAgain(t, {
    site,
    prepare: async () => {
      await runCommand(site, ['rmdef', '-t', 'osimage', 'fresh'])
      rmSync(dest, { recursive: true, force: true })
      rmSync(join(site.directory, 'install/custom'), { recursive: true, force: true })
    },
    call: { method: 'image.import', params: { bundle, name: 'fresh' } },
    outcome: () => [outcomeOf(dest), contentOf(join(site.directory, 'install/custom'))],
  })
})

test.serial('image copy', async (t) => {
  t.timeout(300_000)
  const site = await siteWithImage(t, 'ramdisk')
  const dest = join(destOf(site), '../fresh')
  await killAndRunAgain(t, {
    site,
    prepare: async () => {
      await runCommand(site, ['rmdef', '-t', 'osimage', 'fresh'])
      await runCommand(site, ['chtab', '-d', 'image=fresh', 'litefile'])
      rmSync(dest, { recursive: true, force: true })
    },
    call: { method: 'image.copy', params: { from: 'lite', to: 'fresh' } },
    outcome: () => outcomeOf(dest),
  })
})
