/** The demonstration's site: the commands an administrator would type, and the files the tables point to. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const SERVER = '10.77.0.1'
export const IMAGE = 'debian12-lite'
export const NODES = [
  { name: 'n1', mac: '52:54:00:77:00:01', ip: '10.77.0.11' },
  { name: 'n2', mac: '52:54:00:77:00:02', ip: '10.77.0.12' },
] as const

/** litefile rows: one or more for each option. */
export const LITEFILE: readonly (readonly [path: string, option: string])[] = [
  ['/tmp/', 'tmpfs'],
  ['/var/log/', 'rw'],
  ['/var/lib/systemd/', ''],
  ['/var/tmp/', 'tmpfs'],
  ['/root/', 'persistent'],
  ['/etc/site.state', 'persistent'],
  ['/etc/motd', 'con'],
  ['/etc/issue', 'ro'],
  ['/etc/profile.d/', 'tmpfs,rw'],
  ['/etc/security/', 'link'],
  ['/etc/debian_version', 'link,ro'],
  ['/etc/environment', 'link,con'],
  ['/opt/licences/', 'link,persistent'],
]

/** What no node with a root in memory needs; `./tmp*` and `./boot*` as lists for xCAT have them. */
const EXLIST = [
  ...['./boot/*', './tmp*', './usr/share/zoneinfo/*', './usr/share/i18n*', './usr/share/perl*', './usr/lib/*/perl*'],
  ...[
    './usr/share/bash-completion*',
    './var/cache/*',
    './var/lib/apt/lists/*',
    './usr/share/locale*',
    './usr/share/info*',
  ],
  // Large, and of programs that other rehearsals need.
  ...['./usr/lib/python3*', './usr/lib/dracut*', './usr/lib/udev/hwdb.d*', './usr/lib/*/libicu*'],
  ...['+./usr/share/zoneinfo/UTC', '+./usr/share/zoneinfo/Etc*'],
]

export interface SitePaths {
  readonly install: string
  readonly image: string
  readonly tree: string
  readonly persistent: string
}

export function sitePaths(directory: string): SitePaths {
  return {
    install: join(directory, 'install'),
    image: join(directory, 'install/netboot/debian12/x86_64/compute'),
    tree: join(directory, 'lite'),
    persistent: join(directory, 'persistent'),
  }
}

/** The litetree directory: what nodes find before the image's own content. */
export function writeTree(paths: SitePaths): void {
  const etc = join(paths.tree, 'compute/etc')
  mkdirSync(etc, { recursive: true })
  writeFileSync(join(etc, 'motd'), 'Maintenance on Sunday.\n')
  writeFileSync(join(etc, 'issue'), 'Demo cluster \\n \\l\n\n')
  writeFileSync(join(etc, 'environment'), 'CLUSTER=demo\n')
  mkdirSync(paths.persistent, { recursive: true })
}

/** @returns the file for `linuximage.exlist` */
export function writeExlist(directory: string): string {
  const file = join(directory, 'compute.exlist')
  writeFileSync(file, `${EXLIST.join('\n')}\n`)
  return file
}

/** Commands in the order an administrator would type them. */
export function siteCommands(paths: SitePaths): string[][] {
  return [
    [
      'chdef',
      '-t',
      'site',
      `master=${SERVER}`,
      'domain=demo.cluster',
      `installdir=${paths.install}`,
      'dhcplease=43200',
    ],
    ['mkdef', '-t', 'network', '-o', 'demo', 'net=10.77.0.0', 'mask=255.255.0.0', `tftpserver=${SERVER}`],
    [
      ...[
        'mkdef',
        '-t',
        'osimage',
        '-o',
        IMAGE,
        'imagetype=linux',
        'provmethod=statelite',
        'osname=Linux',
        'osvers=debian12',
      ],
      ...['osarch=x86_64', 'profile=compute', 'rootfstype=nfs', `rootimgdir=${paths.image}`],
    ],
    ...NODES.map((node) => ['mkdef', node.name, 'groups=compute,all', `mac=${node.mac}`]),
    [
      ...['chdef', '-t', 'group', 'compute', 'ip=|10.77.0.($1+10)|', 'arch=x86_64', 'netboot=xnba'],
      ...['serialport=0', 'serialspeed=115200'],
    ],
    ...LITEFILE.map(([path, option]) => [
      'chtab',
      `image=ALL,file=${path}`,
      option === '' ? 'litefile.comments=a blank option means tmpfs' : `litefile.options=${option}`,
    ]),
    ['chtab', 'priority=1', `litetree.image=${IMAGE}`, `litetree.directory=${SERVER}:${paths.tree}/$nodetype.profile`],
    ['chdef', '-t', 'group', 'compute', 'profile=compute'],
    ['chtab', 'node=compute', `statelite.statemnt=${SERVER}:${paths.persistent}`],
  ]
}

/** The image starts with content of its own in the places that the demonstration looks at. */
export function addImageContent(paths: SitePaths): void {
  const root = join(paths.image, 'rootimg')
  writeFileSync(join(root, 'var/log/shipped.log'), 'part of the image\n')
  writeFileSync(join(root, 'etc/motd'), 'Welcome to the demo image.\n')
  writeFileSync(join(root, 'etc/environment'), 'LANG=C.UTF-8\n')
  writeFileSync(join(root, 'etc/site.state'), 'as shipped\n', { mode: 0o640 })
}
