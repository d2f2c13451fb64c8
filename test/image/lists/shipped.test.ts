/** The lists that liteboot comes with: every distribution finds its own, and they read without a fault. */
import { spawnSync } from 'node:child_process'
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test from 'ava'
import { fileSearch } from '../../../src/api/methods/objects/this-machine.ts'
import { readExlist } from '../../../src/image/lists/exlist.ts'
import { explainEntries, explainPackageLists } from '../../../src/image/lists/explain.ts'
import { type ReadList, readListFiles, renderListFault } from '../../../src/image/lists/list-file.ts'
import { readPackageLists } from '../../../src/image/lists/package-lists.ts'
import { findListFile, findProfiles, type ListExtension } from '../../../src/tables/list-files.ts'

const SHARE = join(import.meta.dirname, '../../../share/netboot')
const read: ReadList = (path) => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
const options = { read, variables: {} }
const search = fileSearch('/nonexistent')

const KERNELS: Readonly<Record<string, string>> = {
  'rhels7.9': 'kernel',
  'rhelhpc7.6': 'kernel',
  'rhels8.10': 'kernel',
  'rhels9.4': 'kernel',
  'rhels10.0': 'kernel',
  'centos7.9': 'kernel',
  'centos-stream9': 'kernel',
  'rocky9.2': 'kernel',
  'alma8.10': 'kernel',
  'ol8.9': 'kernel',
  'SL7.9': 'kernel',
  fedora42: 'kernel',
  'sles12.3': 'kernel-default',
  'sle15.4': 'kernel-default',
  'sles15.4': 'kernel-default',
  'leap15.5': 'kernel-default',
  'debian12.5.0': 'linux-image-',
  debian13: 'linux-image-',
  'ubuntu22.04.4': 'linux-image-generic',
  'ubuntu24.04': 'linux-image-generic',
}

for (const [osvers, kernel] of Object.entries(KERNELS))
  for (const osarch of ['x86_64', 'ppc64le'])
    test(`${osvers} on ${osarch} has its lists`, (t) => {
      const target = { osvers, osarch, provmethod: 'statelite' }
      t.true(findProfiles(target, 'pkglist', search).includes('compute'))
      const find = (extension: ListExtension) => findListFile('compute', target, extension, search) ?? ''
      const { batches, faults } = readPackageLists([find('pkglist')], 'pkglist', options)
      t.deepEqual(faults.map(renderListFault), [])
      const names = batches.flatMap(({ install }) => install.map(({ name }) => name))
      t.true(
        names.some((name) => name === kernel || (kernel.endsWith('-') && name.startsWith(kernel))),
        names.join(' '),
      )
      t.is(new Set(names).size, names.length)
      // What localdisk entries need on the node: file systems, and sfdisk for GPT or parted.
      for (const name of ['e2fsprogs', 'xfsprogs']) t.true(names.includes(name), name)
      const partitions = /^(debian|ubuntu)/.test(osvers) ? 'fdisk' : /7\.\d+$/.test(osvers) ? 'parted' : 'util-linux'
      t.true(names.includes(partitions), partitions)
      t.is(names.filter((name) => name.includes('dracut')).length, 0)
      const exlist = readExlist([find('exlist')], options)
      t.deepEqual(exlist.faults.map(renderListFault), [])
      t.deepEqual(
        [...exlist.select(['.', './usr', './usr/share', './usr/share/doc', './usr/share/doc/x', './etc'])],
        ['.', './usr', './usr/share', './usr/share/doc', './etc'],
      )
      t.true(find('postinstall').startsWith(SHARE))
    })

const scripts = readdirSync(SHARE).map((family) => join(SHARE, family, 'compute.postinstall'))

test('postinstall scripts are sound, may run twice, and refuse the file system of the server', (t) => {
  t.is(scripts.length, 5)
  const checked = spawnSync('shellcheck', ['--shell=sh', ...scripts], { encoding: 'utf8' })
  t.is(checked.error, undefined)
  t.is(checked.stdout, '')
  const root = mkdtempSync(join(tmpdir(), 'liteboot-post-'))
  t.teardown(() => rmSync(root, { recursive: true, force: true }))
  const config = join(root, 'etc/selinux/config')
  mkdirSync(dirname(config), { recursive: true })
  writeFileSync(config, '# SELINUX= is explained here\nSELINUX=enforcing\nSELINUXTYPE=targeted\n')
  for (const script of [...scripts, ...scripts]) {
    const ran = spawnSync(script, [root, 'any1', 'x86_64', 'compute'], { encoding: 'utf8' })
    t.is(ran.status, 0, `${script}: ${ran.error ?? ran.stderr}`)
    // The refusal comes before anything is touched.
    t.is(spawnSync(script, ['/'], { encoding: 'utf8', cwd: root }).status, 1)
    t.not(spawnSync(script, [], { encoding: 'utf8' }).status, 0)
  }
  t.is(readFileSync(config, 'utf8'), '# SELINUX= is explained here\nSELINUX=disabled\nSELINUXTYPE=targeted\n')
  const units = join(root, 'etc/systemd/system')
  t.true(readdirSync(units).includes('firewalld.service'))
  for (const unit of readdirSync(units)) {
    t.true(lstatSync(join(units, unit)).isSymbolicLink())
    t.is(readlinkSync(join(units, unit)), '/dev/null')
  }
})

test('how a list is read', (t) => {
  const texts: Record<string, string> = {
    '/c/a.pkglist': 'bash\n#INCLUDE:net.list#\n#NEW_INSTALL_LIST#\n#ENV:ACCEPT=yes#\ntools/mpi, -old\n--late\nx y\n',
    '/c/net.list': '# remark\niproute\n',
  }
  const lists = { read: (path: string) => texts[path], variables: {} }
  t.deepEqual(explainPackageLists(readPackageLists(['/c/a.pkglist'], 'otherpkgs', lists)), [
    'batch 1 of 2',
    'install bash  (/c/a.pkglist line 1)',
    'install iproute  (/c/net.list line 2)',
    'batch 2 of 2',
    'with ACCEPT=yes',
    'without old  (/c/a.pkglist line 5)',
    'install tools/mpi  (/c/a.pkglist line 5)',
    'then remove late  (/c/a.pkglist line 6)',
    "wrong: /c/a.pkglist line 7: 'x y' has a blank in it: write one package on a line",
  ])
  t.deepEqual(explainEntries(readListFiles(['/c/net.list'], lists).entries), ['iproute  (/c/net.list line 2)'])
})
