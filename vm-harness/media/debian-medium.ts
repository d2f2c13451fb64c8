/** A Debian medium: pool, package lists, release file, and the one line that says what it is. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import type { Control } from './control.ts'
import { SUITE } from './debian-archive.ts'

const run = promisify(execFile)

const SHIPPED = join(import.meta.dirname, '../../share/netboot/debian/base.packages')

/** What mmdebstrap's variant `minbase` installs, the packages of the shipped list, and those of the walk-through. */
export function debianWanted(): string[] {
  const listed = readFileSync(SHIPPED, 'utf8')
    .split('\n')
    .filter((line) => /^[a-z0-9]/.test(line))
  // busybox: of which the initrd is made where the build machine is of another architecture.
  return ['?priority(required)', 'apt', ...listed, 'dbus', 'lsof', 'strace', 'busybox-static']
}

export interface DebianMediumRequest {
  readonly arch: 'x86_64' | 'ppc64le'
  readonly packages: ReadonlyMap<string, Control>
  readonly debs: ReadonlyMap<string, string>
  readonly work: string
}

/** @returns the directory of the medium's files */
export async function makeDebianTree({ arch, packages, debs, work }: DebianMediumRequest): Promise<string> {
  const debArch = arch === 'x86_64' ? 'amd64' : 'ppc64el'
  const top = join(work, 'medium')
  for (const name of packages.keys()) {
    const deb = debs.get(name) ?? ''
    // Media have no colons in names.
    const pool = join(top, 'pool/main', name[0] ?? '', name)
    mkdirSync(pool, { recursive: true })
    copyFileSync(deb, join(pool, basename(deb).replace('%3a', '')))
  }
  const list = join(`dists/${SUITE}/main`, `binary-${debArch}`)
  mkdirSync(join(top, list), { recursive: true })
  const { stdout } = await run('dpkg-scanpackages', ['-a', debArch, 'pool'], { cwd: top, maxBuffer: 1 << 28 })
  writeFileSync(join(top, list, 'Packages'), stdout)
  writeFileSync(join(top, list, 'Packages.gz'), gzipSync(stdout))
  writeFileSync(join(top, 'dists', SUITE, 'Release'), renderRelease(debArch, `main/binary-${debArch}`, stdout))
  mkdirSync(join(top, '.disk'))
  writeFileSync(
    join(top, '.disk/info'),
    `Debian GNU/Linux 12 "Bookworm" - Unofficial ${debArch} BINARY-1 20250101-00:00\n`,
  )
  return top
}

function renderRelease(debArch: string, directory: string, list: string): string {
  const sums = [
    ['Packages', Buffer.from(list)],
    ['Packages.gz', gzipSync(list)],
  ] as const
  return [
    ...[
      'Origin: Debian',
      'Label: Debian',
      'Suite: oldstable',
      `Codename: ${SUITE}`,
      'Date: Wed, 01 Jan 2025 00:00:00 UTC',
    ],
    ...[`Architectures: ${debArch}`, 'Components: main', 'SHA256:'],
    ...sums.map(([name, bytes]) => {
      const sum = createHash('sha256').update(bytes).digest('hex')
      return ` ${sum} ${bytes.length} ${directory}/${name}`
    }),
    '',
  ].join('\n')
}

/** A package that no distribution has: one file, one script. */
export async function makeExtraDeb(work: string, place: string): Promise<string> {
  const tree = join(work, 'site-tools')
  mkdirSync(join(tree, 'DEBIAN'), { recursive: true })
  mkdirSync(join(tree, 'usr/share/site-tools'), { recursive: true })
  writeFileSync(join(tree, 'usr/share/site-tools/about'), 'tools of this site\n')
  writeFileSync(
    join(tree, 'DEBIAN/control'),
    'Package: site-tools\nVersion: 1.0\nArchitecture: all\nMaintainer: site <root@localhost>\nDescription: Tools of the site\n',
  )
  writeFileSync(join(tree, 'DEBIAN/postinst'), '#!/bin/sh\nuname -m > /usr/share/site-tools/installed-on\n', {
    mode: 0o755,
  })
  const deb = join(place, 'site-tools_1.0_all.deb')
  await run('dpkg-deb', ['--root-owner-group', '-b', tree, deb])
  return deb
}
