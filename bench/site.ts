/** The benchmark's site: 10,000 nodes in the tables, and the files that all servers serve. */
import { createHash } from 'node:crypto'
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { liteboot } from '../vm-harness/liteboot.ts'
import { CLIENT, NETWORK, SERVER } from './wire.ts'

const MIB = 1024 * 1024

/** Known hosts n1 … n10000; perfdhcp counts hardware addresses up from FIRST_MAC. */
export const NODES = 10_000
export const FIRST_MAC = '02:00:00:00:00:00'
/** A /18 for machines that no table knows; theirs count from STRANGER_MAC. */
export const POOL = { first: '10.77.128.1', last: '10.77.191.254' } as const
export const STRANGERS = 10_000
export const STRANGER_MAC = '06:00:00:00:00:00'
export const LEASE_SECONDS = 43_200
export const BOOT_FILE = 'undionly.kpxe'
const IMAGE = 'bench'

/** Served by HTTP below /tftpboot and by TFTP from there. */
export const FILES = { tftp: 'kernel-8m', http10Mb: '10mb', http1Gb: '1gb' } as const

/** What the NFS export holds; see load/nfs-load.c. */
export const TREE = {
  directories: 100,
  files: 100,
  smallBytes: 4096,
  largeBytes: 256 * MIB,
} as const

export interface Host {
  readonly name: string
  readonly mac: string
  readonly ip: string
}

export interface BenchSite {
  readonly directory: string
  readonly tftpdir: string
  /** The export: the root tree of the image. */
  readonly rootimg: string
}

export function hostOf(number: number): Host {
  const at = number - 1
  const mac = `02:00:00:00:${[8, 0].map((shift) => ((at >> shift) & 255).toString(16).padStart(2, '0')).join(':')}`
  // The same address as the pattern in the hosts table gives.
  return { name: `n${number}`, mac, ip: `10.77.${64 + Math.floor(number / 250)}.${(number % 250) + 1}` }
}

export const HOSTS: readonly Host[] = Array.from({ length: NODES }, (_, at) => hostOf(at + 1))

export function sitePaths(directory: string): BenchSite {
  return { directory, tftpdir: join(directory, 'tftpboot'), rootimg: join(directory, 'image/rootimg') }
}

/** Content that no file system stores as a hole and nothing on the way can compress. */
function writeNoise(path: string, sizeBytes: number): void {
  const block = Buffer.alloc(Math.min(sizeBytes, MIB))
  for (let at = 0, digest = createHash('sha256').update(path).digest(); at < block.length; at += 32) {
    digest = createHash('sha256').update(digest).digest()
    digest.copy(block, at)
  }
  const file = openSync(path, 'w', 0o644)
  try {
    for (let left = sizeBytes; left > 0; left -= block.length) writeSync(file, block, 0, Math.min(left, block.length))
  } finally {
    closeSync(file)
  }
}

function fill(directory: string, sizeBytes: number): void {
  const content = Buffer.alloc(sizeBytes, 'liteboot ')
  for (let number = 0; number < TREE.directories; number++) {
    const path = join(directory, `d${String(number).padStart(3, '0')}`)
    mkdirSync(path, { recursive: true })
    for (let file = 0; file < TREE.files; file++)
      writeFileSync(join(path, `f${String(file).padStart(3, '0')}`), content)
  }
}

export function writeFiles({ tftpdir, rootimg, directory }: BenchSite): void {
  mkdirSync(tftpdir, { recursive: true })
  writeNoise(join(tftpdir, FILES.tftp), 8 * MIB)
  writeNoise(join(tftpdir, FILES.http10Mb), 10_000_000)
  writeNoise(join(tftpdir, FILES.http1Gb), 1_000_000_000)
  fill(join(rootimg, 'small'), TREE.smallBytes)
  fill(join(rootimg, 'list'), 0)
  writeNoise(join(rootimg, 'large'), TREE.largeBytes)
  writeNoise(join(directory, 'image/kernel'), 8 * MIB)
  writeNoise(join(directory, 'image/initrd-statelite.gz'), 4 * MIB)
}

type Rows = readonly Readonly<Record<string, string>>[]

/** Some of everything a site has: explicit rows for each node, pattern rows for groups, the whole statelite set. */
function tableRows(site: BenchSite): Record<string, Rows> {
  const litefile = ['/tmp/', '/var/log/', '/var/tmp/', '/var/lib/systemd/', '/home/', '/srv/']
  return {
    site: Object.entries({
      master: SERVER,
      domain: 'bench.cluster',
      nameservers: SERVER,
      tftpdir: site.tftpdir,
      installdir: join(site.directory, 'install'),
      dhcplease: String(LEASE_SECONDS),
    }).map(([key, value]) => ({ key, value })),
    networks: [
      {
        netname: 'bench',
        net: NETWORK.net,
        mask: NETWORK.mask,
        gateway: SERVER,
        tftpserver: SERVER,
        dynamicrange: `${POOL.first}-${POOL.last}`,
      },
    ],
    osimage: [
      {
        imagename: IMAGE,
        imagetype: 'linux',
        provmethod: 'statelite',
        profile: 'compute',
        osname: 'Linux',
        osvers: 'debian12',
        osarch: 'x86_64',
        rootfstype: 'nfs',
      },
    ],
    linuximage: [{ imagename: IMAGE, rootimgdir: join(site.directory, 'image') }],
    // The load program is a node too: NFS answers nobody else.
    nodelist: [
      ...HOSTS.map(({ name }, at) => ({ node: name, groups: `rack${at % 100},compute,all` })),
      { node: 'load', groups: 'compute,all' },
    ],
    mac: [...HOSTS.map(({ name, mac }) => ({ node: name, mac })), { node: 'load', mac: '02:00:00:ff:00:01' }],
    hosts: [
      { node: 'load', ip: CLIENT },
      { node: 'compute', ip: String.raw`|\D+(\d+)|10.77.(64+$1/250).($1%250+1)|` },
    ],
    nodetype: [{ node: 'compute', os: 'debian12', arch: 'x86_64', profile: 'compute', provmethod: IMAGE }],
    noderes: [{ node: 'compute', netboot: 'xnba' }],
    nodehm: [{ node: 'all', serialport: '0', serialspeed: '115200' }],
    litefile: [
      ...litefile.map((file) => ({ image: 'ALL', file, options: 'tmpfs' })),
      { image: IMAGE, file: '/root/', options: 'persistent' },
      { image: IMAGE, file: '/etc/motd', options: 'ro' },
    ],
    statelite: [{ node: 'compute', statemnt: `${SERVER}:${join(site.directory, 'persistent')}` }],
  }
}

function renderCsv(rows: Rows): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const lines = rows.map((row) =>
    columns.map((column) => (row[column] === undefined ? '' : `"${row[column].replaceAll('"', '""')}"`)).join(','),
  )
  return [`#${columns.join(',')}`, ...lines, ''].join('\n')
}

/** Fills the tables of a state directory with the command an administrator would use. */
export async function fillTables(site: BenchSite, state: string): Promise<void> {
  const csv = join(site.directory, 'csv')
  mkdirSync(csv, { recursive: true })
  mkdirSync(state, { recursive: true, mode: 0o700 })
  mkdirSync(join(site.directory, 'persistent'), { recursive: true })
  for (const [table, rows] of Object.entries(tableRows(site))) {
    const file = join(csv, `${table}.csv`)
    writeFileSync(file, renderCsv(rows))
    const outcome = await liteboot(state, ['tabrestore', file])
    if (outcome.status !== 0) throw new Error(`tabrestore ${table}: ${outcome.stderr}${outcome.stdout}`)
  }
}
