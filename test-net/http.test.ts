/** Programs of Debian as clients, on loopback: what nodes and administrators really run. */
import { execFile, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { blobRoute, fileRoute } from '../src/http/file-routes.ts'
import { openFileServer } from '../src/http/files.ts'
import { reportRoute } from '../src/http/node-routes.ts'
import { renderedRoute } from '../src/http/text.ts'
import type { BootEvent } from '../src/timeline/event.ts'
import { later, newDirectory, openRig, patternBytes, type Rig } from '../test/http/rig.ts'

/** The title says what is missing when a program is not installed. */
function testWith(program: string, title: string, run: (t: ExecutionContext) => Promise<void>): void {
  const found = spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
  if (found) test(`${program}: ${title}`, run)
  else test.skip(`${program}: ${title} (not installed)`, run)
}

interface Ran {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

function run(directory: string, program: string, ...args: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd: directory, timeout: 60_000, maxBuffer: 1e8 }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code ?? 1), stdout, stderr })
    })
  })
}

interface Site {
  readonly rig: Rig
  readonly reports: BootEvent[]
  readonly base: string
  /** Where clients write. */
  readonly work: string
  readonly kernel: Buffer
  readonly kernelPath: string
}

async function openSite(t: ExecutionContext): Promise<Site> {
  const directory = newDirectory()
  t.teardown(() => directory.remove())
  const root = join(directory.path, 'install')
  const work = join(directory.path, 'work')
  mkdirSync(join(root, 'postscripts/lib/deep'), { recursive: true })
  mkdirSync(work)
  spawnSync('chmod', ['-R', 'a+rX', directory.path])
  for (const name of ['syslog', 'setup nfs', 'lib/a+b', 'lib/deep/größe', 'lib/x:y']) {
    writeFileSync(join(root, 'postscripts', name), `#!/bin/sh\n# ${name}\n`, { mode: 0o755 })
  }
  const kernel = patternBytes(12_345_678)
  const kernelPath = join(root, 'vmlinuz')
  writeFileSync(kernelPath, kernel)
  const files = openFileServer({ now: later })
  const reports: BootEvent[] = []
  const rig = await openRig(t, [
    renderedRoute('/boot', (rest) => (rest === '/ipxe/cn01' ? { text: '#!ipxe\n' } : undefined)),
    blobRoute(files, '/blob', () => kernelPath),
    reportRoute({ nodeOf: () => 'cn01', emit: (event) => reports.push(event), now: Date.now }),
    fileRoute(files, '/install', root, { listing: true }),
  ])
  return { rig, reports, base: `http://127.0.0.1:${rig.port}`, work, kernel, kernelPath }
}

testWith('curl', 'whole file, HEAD, resume, and both protocol versions', async (t) => {
  const { base, work, kernel } = await openSite(t)
  for (const version of ['--http1.1', '--http1.0']) {
    t.is((await run(work, 'curl', '-sf', version, '-o', 'k', `${base}//install//vmlinuz`)).status, 0)
    t.true(readFileSync(join(work, 'k')).equals(kernel))
  }
  t.regex((await run(work, 'curl', '-sfI', `${base}/install/vmlinuz`)).stdout, /Content-Length: 12345678\r\n/)
  writeFileSync(join(work, 'k'), kernel.subarray(0, 5_000_001))
  t.is((await run(work, 'curl', '-sf', '-C', '-', '-o', 'k', `${base}/blob/k`)).status, 0)
  t.true(readFileSync(join(work, 'k')).equals(kernel))
})

testWith('curl', 'the ranges GRUB asks for', async (t) => {
  const { base, work, kernel } = await openSite(t)
  for (const start of [10_125_312, 0, 65_536]) {
    const { status } = await run(work, 'curl', '-sf', '-r', `${start}-`, '-o', 'part', `${base}/blob/k`)
    t.is(status, 0)
    t.true(readFileSync(join(work, 'part')).equals(kernel.subarray(start)))
  }
})

testWith('curl', 'keep-alive: one connection for many files, also after a 404', async (t) => {
  const { base, work } = await openSite(t)
  const urls = ['/boot/ipxe/cn01', '/boot/ipxe/none', '/install/postscripts/syslog', '/boot/ipxe/cn01'].map(
    (path) => base + path,
  )
  const { stdout } = await run(
    work,
    'curl',
    '-s',
    '-w',
    '%{http_code}:%{num_connects}\n',
    ...urls.flatMap((url) => [url, '-o', '/dev/null']),
  )
  t.deepEqual(stdout.trim().split('\n'), ['200:1', '404:0', '200:0', '200:0'])
})

testWith('curl', 'conditional download (-z) leaves an unchanged file alone', async (t) => {
  const { base, work, kernelPath } = await openSite(t)
  const { stdout } = await run(
    work,
    'curl',
    '-s',
    '-z',
    kernelPath,
    '-o',
    'k',
    '-w',
    '%{http_code}',
    `${base}/install/vmlinuz`,
  )
  t.is(stdout, '304')
})

testWith('wget', 'a script tree, recursively, as nodes fetch /install/postscripts', async (t) => {
  const { base, work } = await openSite(t)
  // The options of xCAT's own download.
  const options = [
    '-q',
    '-l',
    'inf',
    '-nH',
    '-N',
    '-r',
    '--reject',
    'index.html*',
    '--no-parent',
    '-T',
    '10',
    '-t',
    '2',
    '--cut-dirs=2',
  ]
  const { status, stderr } = await run(work, 'wget', ...options, `${base}/install/postscripts/`)
  t.is(status, 0, stderr)
  const names = readdirSync(work, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(work.length + 1))
    .sort()
  t.deepEqual(names, ['lib/a+b', 'lib/deep/größe', 'lib/x:y', 'setup nfs', 'syslog'])
  t.is(readFileSync(join(work, 'lib/a+b'), 'utf8'), '#!/bin/sh\n# lib/a+b\n')
})

testWith('wget', 'resume (-c) and 304 for what is there (-N)', async (t) => {
  const { base, work, kernel, rig } = await openSite(t)
  writeFileSync(join(work, 'vmlinuz'), kernel.subarray(0, 777_777))
  t.is((await run(work, 'wget', '-q', '-c', `${base}/install/vmlinuz`)).status, 0)
  t.true(readFileSync(join(work, 'vmlinuz')).equals(kernel))
  const before = rig.counters.bodyBytes
  t.is((await run(work, 'wget', '-q', '-N', `${base}/install/vmlinuz`)).status, 0)
  t.is(rig.counters.bodyBytes, before)
})

testWith('busybox', 'wget: a file, and resume', async (t) => {
  const { base, work, kernel } = await openSite(t)
  t.is((await run(work, 'busybox', 'wget', '-q', '-O', 'k', `${base}/blob/k`)).status, 0)
  t.true(readFileSync(join(work, 'k')).equals(kernel))
  writeFileSync(join(work, 'k'), kernel.subarray(0, 1_000_000))
  t.is((await run(work, 'busybox', 'wget', '-q', '-c', '-O', 'k', `${base}/blob/k`)).status, 0)
  t.true(readFileSync(join(work, 'k')).equals(kernel))
})

testWith('busybox', 'wget: a stage report, as the initrd posts it', async (t) => {
  const { base, work, reports } = await openSite(t)
  const body = 'boot=6a1f&seq=1&stage=network&result=ok&uptime=5.20&message=eth0%20up'
  const { status, stderr } = await run(
    work,
    'busybox',
    'wget',
    '-q',
    '-O',
    '-',
    '--post-data',
    body,
    `${base}/node/v1/cn01/report`,
  )
  t.is(status, 0, stderr)
  t.like(reports, [{ event: 'report', stage: 'network', result: 'ok', uptimeSeconds: 5.2, detail: 'eth0 up' }])
})
