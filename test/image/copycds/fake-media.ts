/** Installation media of a few bytes: trees with the files that tell a family, and ISO files made of them by xorriso. */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { ExecutionContext } from 'ava'

/** Path → text; a text that begins with `->` makes a link. */
export type Tree = Readonly<Record<string, string | Buffer>>

export function rhelMedium(arch: string, version = '9.4'): Tree {
  return {
    '.discinfo': `1700000000.123456\nRed Hat Enterprise Linux ${version}\n${arch}\nALL\n`,
    '.treeinfo': `[general]\nfamily = Red Hat Enterprise Linux\nversion = ${version}\narch = ${arch}\nvariant = BaseOS\n[release]\nname = Red Hat Enterprise Linux\nversion = ${version}\n`,
    'BaseOS/repodata/repomd.xml': '<repomd/>\n',
    'BaseOS/Packages/bash.rpm': 'bash',
    'AppStream/repodata/repomd.xml': '<repomd/>\n',
    'AppStream/Packages/less.rpm': 'less',
    'images/pxeboot/vmlinuz': 'kernel',
    'media.repo': '-> .treeinfo',
  }
}

export const SLE15_FULL: Tree = {
  'media.1/media': 'SUSE - SLE-15-SP4-Full-ppc64le-GM-Media1\nSLE-15-SP4\n1\n',
  'Module-Basesystem/repodata/repomd.xml': '<repomd/>\n',
}

export const SLES12: Tree = {
  content: 'DISTRO cpe:/o:suse:sles:12:sp3,SUSE Linux\nDEFAULTBASE x86_64\n',
  'media.1/media': 'SUSE\n1\n1\n',
  'media.1/products': '/ SLES12-SP3 12.3-0\n',
  'suse/a.rpm': 'a',
}

export const DEBIAN_NETINST: Tree = {
  '.disk/info': 'Debian GNU/Linux 12.5.0 "Bookworm" - Official ppc64el NETINST with firmware 20240210-11:27\n',
  'dists/bookworm/main/binary-ppc64el/Packages.gz': gzipSync('Package: bash\n'),
  'dists/bookworm/main/binary-ppc64el/Packages': '',
  'dists/bookworm/restricted/binary-ppc64el/Packages.gz': gzipSync(''),
  'dists/stable': '-> bookworm',
  'dists/unstable': '-> bookworm',
  'dists/testing': '-> bookworm',
  'install/vmlinux': 'kernel',
  'install/initrd.gz': 'initrd',
  'pool/main/b/bash.deb': 'bash',
}

export function writeTree(directory: string, tree: Tree): void {
  for (const [path, text] of Object.entries(tree)) {
    const full = join(directory, path)
    mkdirSync(dirname(full), { recursive: true })
    if (typeof text === 'string' && text.startsWith('->')) symlinkSync(text.slice(2).trim(), full)
    else writeFileSync(full, text)
  }
}

export function makeIso(t: ExecutionContext, iso: string, tree: Tree): void {
  const source = temporaryDirectory(t)
  writeTree(source, tree)
  isoOf(iso, source)
}

export function isoOf(iso: string, source: string): void {
  const made = spawnSync('xorriso', ['-as', 'mkisofs', '-quiet', '-R', '-J', '-V', 'MEDIUM', '-o', iso, source], {
    encoding: 'utf8',
  })
  if (made.error) throw made.error
  if (made.status !== 0) throw new Error(made.stderr)
}

export function temporaryDirectory(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-media-'))
  t.teardown(() => {
    for (const path of listTree(directory)) if (path.kind === 'd') chmodSync(join(directory, path.name), 0o755)
    rmSync(directory, { recursive: true, force: true })
  })
  return directory
}

interface Listed {
  readonly name: string
  readonly kind: 'd' | 'f' | 'l' | '?'
  readonly text: string
  readonly mode: string
}

/** Everything below a directory, by name. */
export function listTree(top: string, directory = ''): Listed[] {
  return readdirSync(join(top, directory))
    .sort()
    .flatMap((file) => {
      const name = directory === '' ? file : `${directory}/${file}`
      const full = join(top, name)
      const stat = lstatSync(full)
      const mode = (stat.mode & 0o7777).toString(8)
      if (stat.isDirectory()) return [{ name, kind: 'd', text: '', mode }, ...listTree(top, name)] as Listed[]
      if (stat.isSymbolicLink()) return [{ name, kind: 'l', text: readlinkSync(full), mode: '' }]
      if (stat.isFile()) return [{ name, kind: 'f', text: readFileSync(full, 'latin1'), mode }]
      return [{ name, kind: '?', text: '', mode }]
    })
}
