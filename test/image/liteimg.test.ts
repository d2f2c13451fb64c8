import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { ImageError } from '../../src/image/image-error.ts'
import { liteimg } from '../../src/image/liteimg/liteimg.ts'
import { entry, file, LEFT_BEHIND, makeWorkplace, readTree, request } from './image-tree.ts'

const EXAMPLE = [
  file('etc/chrony.conf', 'c'),
  file('etc/lvm/lvm.conf', 'l'),
  file('var/log/messages', 'm', 0o600),
  file('root/.ssh/authorized_keys', 'k', 0o600),
]
const EXAMPLE_ENTRIES = [
  entry('link', '/etc/chrony.conf'),
  entry('link', '/etc/lvm/'),
  entry('tmpfs', '/var/'),
  entry('persistent', '/root/.ssh/'),
  entry('tmpfs', '/etc/site.conf'),
  entry('link', '/etc/app/'),
  entry('link', '/opt/a/key'),
]

test('the two-level links, mirrors and placeholders of the reference example', async (t) => {
  const place = makeWorkplace(EXAMPLE)
  const root = join(place, 'rootimg')
  const report = await liteimg(request(place, EXAMPLE_ENTRIES))
  t.deepEqual(report.lines, [`Modifying ${root} ...`, `creating ${root}/.statelite`, `Modifying ${root} done.`])
  const links: Record<string, string> = {
    '.statelite/tmpfs/etc/chrony.conf': '../../../.default/etc/chrony.conf',
    '.statelite/tmpfs/etc/lvm': '../../../.default/etc/lvm',
    '.statelite/tmpfs/etc/app': '../../../.default/etc/app',
    '.statelite/tmpfs/opt/a/key': '../../../../.default/opt/a/key',
    'etc/chrony.conf': '../.statelite/tmpfs/etc/chrony.conf',
    'etc/lvm': '../.statelite/tmpfs/etc/lvm',
    'etc/app': '../.statelite/tmpfs/etc/app',
    'opt/a/key': '../../.statelite/tmpfs/opt/a/key',
  }
  for (const [path, target] of Object.entries(links)) t.is(readlinkSync(join(root, path)), target, path)
  const contents: Record<string, string> = {
    '.default/etc/chrony.conf': 'c',
    '.default/etc/lvm/lvm.conf': 'l',
    '.default/var/log/messages': 'm',
    '.default/root/.ssh/authorized_keys': 'k',
    '.default/etc/site.conf': '',
    '.default/opt/a/key': '',
    'etc/site.conf': '',
    'var/log/messages': 'm',
    'root/.ssh/authorized_keys': 'k',
    'etc/chrony.conf': 'c',
    'etc/lvm/lvm.conf': 'l',
  }
  for (const [path, content] of Object.entries(contents)) t.is(readFileSync(join(root, path), 'utf8'), content, path)
  t.true(lstatSync(join(root, '.default/etc/app')).isDirectory())
  t.is(lstatSync(join(root, '.default/var/log/messages')).mode & 0o777, 0o600)
  t.is(readFileSync(join(root, '.statelite/revision'), 'utf8'), 'r7\n')
  t.is(readFileSync(join(root, '.statelite/litefile.save'), 'utf8').split('\n')[0], 'link /etc/chrony.conf')
  t.is(lstatSync(join(root, 'etc/init.d/statelite')).mode & 0o7777, 0o755)
})

test('parent and children that are all links: the children live inside the moved parent', async (t) => {
  const place = makeWorkplace([file('root/.profile', 'p'), file('etc/hostname', 'n')])
  const root = join(place, 'rootimg')
  const before = readTree(root, LEFT_BEHIND)
  const entries = [entry('link', '/root/'), entry('link,persistent', '/root/newkey'), entry('link,con', '/root/sub/x')]
  await liteimg(request(place, entries))
  t.is(readlinkSync(join(root, 'root')), './.statelite/tmpfs/root')
  t.is(readlinkSync(join(root, '.statelite/tmpfs/root')), '../.././.default/root')
  t.is(readFileSync(join(root, '.default/root/newkey'), 'utf8'), '')
  t.is(readFileSync(join(root, '.default/root/sub/x'), 'utf8'), '')
  await liteimg(request(place, []))
  t.deepEqual(readTree(root, LEFT_BEHIND), before)
})

test('children listed later below a parent that was moved long ago are made too (xCAT ignores them)', async (t) => {
  const place = makeWorkplace([file('root/.profile', 'p'), file('etc/hostname', 'n')])
  await liteimg(request(place, [entry('link', '/root/')]))
  await liteimg(request(place, [entry('link', '/root/'), entry('link', '/root/a/b/new')]))
  t.is(readFileSync(join(place, 'rootimg/.default/root/a/b/new'), 'utf8'), '')
  await liteimg(request(place, [entry('link', '/root/')]))
  t.false(existsSync(join(place, 'rootimg/.default/root/a')))
})

test('a file deleted in the image is deleted in the mirror (xCAT keeps it for ever)', async (t) => {
  const place = makeWorkplace(EXAMPLE)
  await liteimg(request(place, [entry('tmpfs', '/var/')]))
  rmSync(join(place, 'rootimg/var/log/messages'))
  writeFileSync(join(place, 'rootimg/var/log/new'), 'n')
  await liteimg(request(place, [entry('tmpfs', '/var/')]))
  t.false(existsSync(join(place, 'rootimg/.default/var/log/messages')))
  t.is(readFileSync(join(place, 'rootimg/.default/var/log/new'), 'utf8'), 'n')
})

const OPTION_PAIRS = ['tmpfs', 'persistent', 'ro', 'con', 'link', 'link,ro', 'link,con', 'link,persistent'] as const
for (const [kind, path] of [
  ['file', '/etc/chrony.conf'],
  ['directory', '/etc/lvm/'],
] as const) {
  test(`changing or removing any option of a ${kind} loses nothing (xCAT deletes or empties it)`, async (t) => {
    const place = makeWorkplace(EXAMPLE)
    const root = join(place, 'rootimg')
    const before = readTree(root, LEFT_BEHIND)
    const options = OPTION_PAIRS.filter((option) => kind === 'file' || !option.includes('con'))
    for (const from of options) {
      for (const to of [undefined, ...options]) {
        await liteimg(request(place, [entry(from, path)]))
        await liteimg(request(place, to === undefined ? [] : [entry(to, path)]))
        t.is(readFileSync(join(root, 'etc/chrony.conf'), 'utf8'), 'c', `${from} to ${to}`)
        t.is(readFileSync(join(root, 'etc/lvm/lvm.conf'), 'utf8'), 'l', `${from} to ${to}`)
        const inDefault = join(root, '.default', kind === 'file' ? 'etc/chrony.conf' : 'etc/lvm/lvm.conf')
        t.is(existsSync(inDefault), to !== undefined, `${from} to ${to}`)
        await liteimg(request(place, []))
        t.deepEqual(readTree(root, LEFT_BEHIND), before, `${from} to ${to}`)
      }
    }
  })
}

test('a run that finds everything done changes nothing', async (t) => {
  const place = makeWorkplace(EXAMPLE)
  await liteimg(request(place, EXAMPLE_ENTRIES))
  const report = await liteimg(request(place, EXAMPLE_ENTRIES))
  t.is(report.changeCount, 0, 'the revision is withdrawn for the time of the run, and that is all')
  t.is(report.plan.keep.length, EXAMPLE_ENTRIES.length)
})

test('paths with + ( ) quotes and dollar signs are just names', async (t) => {
  const names = ['/opt/a+b', '/opt/(x)', "/opt/it's", '/opt/"q"', '/opt/$HOME', '/opt/`id`', '/opt/-rf', '/opt/[a]*']
  const place = makeWorkplace(names.map((name) => file(name, name)))
  const root = join(place, 'rootimg')
  for (const option of ['tmpfs', 'link', 'tmpfs'] as const) {
    await liteimg(
      request(
        place,
        names.map((name) => entry(option, name)),
      ),
    )
    await liteimg(
      request(
        place,
        names.map((name) => entry(option, name)),
      ),
    )
    for (const name of names) t.is(readFileSync(join(root, '.default', name), 'utf8'), name)
  }
  await liteimg(request(place, []))
  for (const name of names) t.is(readFileSync(join(root, name), 'utf8'), name)
})

test('a listed symlink, or a path behind one, is refused by naming the real path; nothing outside is touched', async (t) => {
  const place = makeWorkplace([
    file('usr/lib/app/state', 's'),
    { kind: 'symlink', path: 'lib', target: 'usr/lib' },
    { kind: 'symlink', path: 'etc/relative', target: '../usr/lib/app/state' },
  ])
  const root = join(place, 'rootimg')
  const outside = join(place, 'outside')
  symlinkSync(join(outside, 'canary'), join(root, 'etc/absolute'))
  symlinkSync(join(outside, 'new-file'), join(root, 'etc/dangling'))
  symlinkSync('../../outside', join(root, 'etc/climbing'))
  symlinkSync(outside, join(root, 'etc/dir'))
  const before = readTree(place)
  const cases: [string, string][] = [
    ['/lib/app/state', 'really is /usr/lib/app/state'],
    ['/etc/relative', 'symbolic link to /usr/lib/app/state'],
    ['/etc/absolute', `symbolic link to ${outside}/canary`],
    ['/etc/dangling', `symbolic link to ${outside}/new-file`],
    ['/etc/climbing/canary', 'really is /outside/canary'],
    ['/etc/dir/new/file', `really is ${outside}/new/file`],
  ]
  for (const [path, text] of cases) {
    for (const option of ['tmpfs', 'link'] as const) {
      const error = await t.throwsAsync(liteimg(request(place, [entry(option, path)])), { instanceOf: ImageError })
      t.is(error?.code, 'image-path')
      t.true(error?.message.includes(text), error?.message)
    }
  }
  rmSync(join(place, '.rootimg.liteboot-lock'))
  const after = readTree(place)
  // The lock file beside the root changes the time of the directory it is in.
  delete before['/']
  delete after['/']
  t.deepEqual(after, before)
})

test('an image whose /.default or /.statelite leads out of it is refused', async (t) => {
  for (const own of ['.default', '.statelite', '.statelite/tmpfs', '.default/etc']) {
    const place = makeWorkplace(EXAMPLE)
    const root = join(place, 'rootimg')
    mkdirSync(join(root, own, '..'), { recursive: true })
    symlinkSync(join(place, 'outside'), join(root, own))
    for (const option of ['tmpfs', 'link'] as const)
      await t.throwsAsync(liteimg(request(place, [entry(option, '/etc/chrony.conf')])), { instanceOf: ImageError })
    t.deepEqual(Object.keys(readTree(join(place, 'outside'))), ['/', '/canary'])
    t.is(readFileSync(join(root, 'etc/chrony.conf'), 'utf8'), 'c')
  }
})

test('a manifest inside the image cannot name paths outside it', async (t) => {
  const place = makeWorkplace(EXAMPLE)
  const root = join(place, 'rootimg')
  mkdirSync(join(root, '.statelite'))
  const bad = {
    path: '/../outside/canary',
    option: 'tmpfs',
    role: 'copy',
    kind: 'file',
    existed: false,
    state: 'applied',
  }
  const manifest = { version: 1, entries: { '../outside/canary': bad }, createdDirs: [], pendingTimes: {} }
  writeFileSync(join(root, '.statelite/manifest.json'), JSON.stringify(manifest))
  await t.throwsAsync(liteimg(request(place, [])), { instanceOf: ImageError, message: /bad entry/ })
  t.is(readFileSync(join(place, 'outside/canary'), 'utf8'), 'untouched\n')
})

test('a link planted where a temporary file will be written is not followed', async (t) => {
  const place = makeWorkplace([file('etc/fstab', '/dev/sda / ext4 rw 0 1\n'), file('.statelite/x', 'x')])
  const canary = join(place, 'outside/canary')
  for (const path of ['etc/fstab', '.statelite/revision', '.statelite/manifest.json'])
    symlinkSync(canary, join(place, 'rootimg', `${path}.liteboot-${process.pid}`))
  await liteimg(request(place, []))
  t.is(readFileSync(canary, 'utf8'), 'untouched\n')
  t.true(lstatSync(join(place, 'rootimg/etc/fstab')).isFile())
  t.is(readFileSync(join(place, 'rootimg/etc/fstab'), 'utf8'), '/dev/sda / ext4 ro 0 1\n')
})

test('validation comes first: a refused table leaves every byte alone', async (t) => {
  const place = makeWorkplace(EXAMPLE)
  const before = readTree(join(place, 'rootimg'))
  const refuse = { validate: () => ['litefile row image=ALL,file=/var/: no'] }
  await t.throwsAsync(liteimg(request(place, [entry('tmpfs', '/var/')], refuse)), { message: /no/ })
  for (const bad of ['etc/x', '/etc/../x', '/etc//x', '/proc/x', '/.default/x', '/', '/a\nb'])
    await t.throwsAsync(liteimg(request(place, [entry('tmpfs', bad)])), { instanceOf: ImageError }, bad)
  await t.throwsAsync(liteimg(request(place, [entry('tmpfs', '/var/log/messages/')])), { message: /as a directory/ })
  await t.throwsAsync(liteimg(request(place, [], { nodeScript: join(place, 'missing') })), { message: /node-side/ })
  await t.throwsAsync(liteimg(request(place, [], { postscriptsDir: place })), { message: /contain each other/ })
  await t.throwsAsync(liteimg(request(place, [], { postscriptsDir: join(place, 'statelite') })), {
    message: /not a dir/,
  })
  await t.throwsAsync(liteimg(request(place, [], { inUseBy: ['cn07'] })), { message: /cn07/ })
  const dry = await liteimg(request(place, [entry('tmpfs', '/var/')], { dryRun: true }))
  t.true(dry.lines.includes('apply  tmpfs         /var/'))
  t.deepEqual(readTree(join(place, 'rootimg')), before)
})

test('the root of this machine, a file, a missing directory are no image roots', async (t) => {
  const place = makeWorkplace([])
  for (const rootimg of ['/', '/proc/self/root', join(place, 'statelite'), join(place, 'missing')])
    await t.throwsAsync(liteimg(request(place, [], { rootimg })), { instanceOf: ImageError, code: 'image-root' })
})

test('/etc/mtab: a link into /proc is skipped, a file is replaced by the link and kept', async (t) => {
  const place = makeWorkplace([{ kind: 'symlink', path: 'etc/mtab', target: '../proc/self/mounts' }])
  const report = await liteimg(request(place, [entry('link', '/etc/mtab')]))
  t.deepEqual(report.skipped, [{ path: '/etc/mtab', reason: 'already a symbolic link into /proc' }])
  const old = makeWorkplace([file('etc/mtab', 'rootfs / rootfs rw 0 0\n')])
  await liteimg(request(old, []))
  t.is(readlinkSync(join(old, 'rootimg/etc/mtab')), '/proc/self/mounts')
  t.is(readFileSync(join(old, 'rootimg/.statelite/saved/etc/mtab.1'), 'utf8'), 'rootfs / rootfs rw 0 0\n')
})

test('a real file that a package upgrade put over our link is what counts; the old one is kept', async (t) => {
  const place = makeWorkplace(EXAMPLE)
  const root = join(place, 'rootimg')
  const entries = [entry('link', '/etc/chrony.conf')]
  await liteimg(request(place, entries))
  rmSync(join(root, 'etc/chrony.conf'))
  writeFileSync(join(root, 'etc/chrony.conf'), 'upgraded')
  const report = await liteimg(request(place, entries))
  t.is(readFileSync(join(root, '.default/etc/chrony.conf'), 'utf8'), 'upgraded')
  t.is(readFileSync(join(root, '.statelite/saved/etc/chrony.conf.1'), 'utf8'), 'c')
  t.is(report.warnings.length, 1)
  await liteimg(request(place, []))
  t.is(readFileSync(join(root, 'etc/chrony.conf'), 'utf8'), 'upgraded')
})

test('a mirror that somebody edited in /.default is kept before it is made anew', async (t) => {
  const place = makeWorkplace(EXAMPLE)
  const root = join(place, 'rootimg')
  await liteimg(request(place, [entry('tmpfs', '/etc/chrony.conf')]))
  writeFileSync(join(root, '.default/etc/chrony.conf'), 'edited')
  await liteimg(request(place, [entry('tmpfs', '/etc/chrony.conf')]))
  t.is(readFileSync(join(root, '.default/etc/chrony.conf'), 'utf8'), 'c')
  t.is(readFileSync(join(root, '.statelite/saved/etc/chrony.conf.1'), 'utf8'), 'edited')
})

test('a placeholder that got content becomes part of the image', async (t) => {
  const place = makeWorkplace([])
  const root = join(place, 'rootimg')
  await liteimg(request(place, [entry('link', '/a/b/f'), entry('tmpfs', '/c/d/g'), entry('link', '/e/h/')]))
  writeFileSync(join(root, 'a/b/f'), 'one')
  writeFileSync(join(root, 'c/d/g'), 'two')
  writeFileSync(join(root, 'e/h/i'), 'three')
  await liteimg(request(place, []))
  t.is(readFileSync(join(root, 'a/b/f'), 'utf8'), 'one')
  t.is(readFileSync(join(root, 'c/d/g'), 'utf8'), 'two')
  t.is(readFileSync(join(root, 'e/h/i'), 'utf8'), 'three')
})

test('an image prepared by xCAT (litefile.save, no manifest) is taken over and can be taken back', async (t) => {
  const place = makeWorkplace([
    file('.default/etc/chrony.conf', 'c'),
    file('.default/var/log/m', 'm'),
    file('var/log/m', 'm'),
    { kind: 'symlink', path: '.statelite/tmpfs/etc/chrony.conf', target: '../../../.default/etc/chrony.conf' },
    { kind: 'symlink', path: 'etc/chrony.conf', target: '../.statelite/tmpfs/etc/chrony.conf' },
    file('.statelite/litefile.save', 'link /etc/chrony.conf\nrw /var/\nlink /etc/mtab\n'),
  ])
  const root = join(place, 'rootimg')
  await liteimg(request(place, []))
  t.true(lstatSync(join(root, 'etc/chrony.conf')).isFile())
  t.is(readFileSync(join(root, 'etc/chrony.conf'), 'utf8'), 'c')
  t.is(readFileSync(join(root, 'var/log/m'), 'utf8'), 'm')
  t.false(existsSync(join(root, '.default/var')))
})

test('postscripts are copied to /xcatpost and replaced as a whole; /etc/init.d may be a link inside the image', async (t) => {
  const place = makeWorkplace([
    file('xcatpost/old', 'o'),
    file('etc/rc.d/init.d/functions', 'f'),
    { kind: 'symlink', path: 'etc/init.d', target: '/etc/rc.d/init.d' },
    file('etc/fstab', 'proc /proc proc rw 0 0\ncompute_x86_64   /  tmpfs   rw,nosuid  0 1\n'),
  ])
  const root = join(place, 'rootimg')
  const postscriptsDir = join(place, 'post')
  mkdirSync(postscriptsDir)
  writeFileSync(join(postscriptsDir, 'syslog'), 's')
  await liteimg(request(place, [], { postscriptsDir }))
  t.false(existsSync(join(root, 'xcatpost/old')))
  t.is(readFileSync(join(root, 'xcatpost/syslog'), 'utf8'), 's')
  t.true(existsSync(join(root, 'etc/rc.d/init.d/statelite')))
  t.is(readFileSync(join(root, 'etc/fstab'), 'utf8').split('\n')[1], 'compute_x86_64   /  tmpfs   ro,nosuid  0 1')
  t.is(readFileSync(join(root, 'etc/fstab'), 'utf8').split('\n')[0], 'proc /proc proc rw 0 0')
})

test('a root in memory is writable: also where genimage, or somebody by hand, made its line read-only', async (t) => {
  const disk = '/dev/sda / ext4 ro 0 1\n'
  const place = makeWorkplace([file('etc/fstab', `compute_x86_64 / tmpfs ro,nosuid 0 0\n${disk}`)])
  const fstab = () => readFileSync(join(place, 'rootimg/etc/fstab'), 'utf8')
  const named = { fstabRootName: 'compute_x86_64' }
  await liteimg(request(place, [], { ...named, writableRoot: true }))
  t.is(fstab(), `compute_x86_64 / tmpfs rw,nosuid 0 0\n${disk}`)
  await liteimg(request(place, [], named))
  t.is(fstab(), `compute_x86_64 / tmpfs ro,nosuid 0 0\n${disk}`)
  writeFileSync(join(place, 'rootimg/etc/fstab'), 'compute_x86_64 / nfs ro 0 0\n')
  await liteimg(request(place, [], { ...named, writableRoot: true }))
  t.is(fstab(), 'compute_x86_64 / nfs rw 0 0\n')
  t.false(existsSync(join(place, 'rootimg/.statelite/fstab.original')))
})

test('a missing fstab is not created', async (t) => {
  const place = makeWorkplace(EXAMPLE)
  await liteimg(request(place, []))
  t.false(existsSync(join(place, 'rootimg/etc/fstab')))
})
