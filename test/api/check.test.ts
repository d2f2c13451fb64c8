/** Each check has a site with exactly that fault, and finds exactly that. */
import { readFileSync, renameSync, rmdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { gunzipSync, gzipSync } from 'node:zlib'
import test from 'ava'
import type { FileSystemRoom, Machine } from '../../src/api/methods/check/machine.ts'
import { renderCheckFinding } from '../../src/api/methods/check/report.ts'
import { type CpioEntry, encodeCpio, parseCpio } from '../../src/image/initrd/cpio.ts'
import { encodeElf } from '../image/elf-file.ts'
import { encodeNetworkDriver, encodeProgram } from '../image/grub-module.ts'
import { type CheckSite, MACHINE, openCheckSite } from './check-site.ts'

function roomy(change: Partial<FileSystemRoom>): Machine {
  return { ...MACHINE, room: async (path) => ({ ...(await MACHINE.room(path)), ...change }) }
}

function changeInitrd({ rootimgdir }: CheckSite, change: (entries: CpioEntry[]) => CpioEntry[]): void {
  const path = `${rootimgdir}/initrd-statelite.gz`
  const entries = parseCpio(gunzipSync(readFileSync(path))) as CpioEntry[]
  writeFileSync(path, gzipSync(encodeCpio(change(entries))))
}

test('a clean site has no findings', async (t) => {
  const site = await openCheckSite(t)
  t.deepEqual((await site.check()).map(renderCheckFinding), [])
  t.deepEqual((await site.check('cn1', 'lite')).map(renderCheckFinding), [])
})

/** The tree as it was before. */
function forgetLiteimg(site: CheckSite): void {
  for (const name of ['.statelite', '.default', 'etc/motd']) rmSync(`${site.rootimg}/${name}`, { recursive: true })
  site.put('image/rootimg/etc/motd', 'welcome')
}

type Break = (site: CheckSite) => Promise<unknown> | unknown

/** The site as it was made, with one thing broken. `@` is its directory. */
const FAULTS: readonly (readonly [
  what: string,
  make: Break,
  findings: readonly string[],
  targets?: readonly string[],
])[] = [
  [
    'no hardware address',
    (s) => s.set('node=cn2', 'mac.mac='),
    ['error    cn2: mac row: no hardware address (chdef cn2 mac=<address>)'],
  ],
  [
    'no address',
    (s) => s.set('node=cn2', 'hosts.ip=|^.*$||'),
    ['error    cn2: hosts row: no address (chdef cn2 ip=<address>)'],
  ],
  [
    'an address outside every network',
    (s) => s.set('node=cn2', 'hosts.ip=10.9.0.2'),
    ['error    cn2: hosts row: no network contains 10.9.0.2 (add a networks row for it)'],
  ],
  [
    'addresses outside every network, of several nodes',
    (s) => s.set('node=cn', 'hosts.ip=|10.9.0.($1)|'),
    ['error    cn[1-3]: hosts row: no network contains <ip> (add a networks row for it)'],
  ],
  [
    'an image that is not defined, for all nodes',
    (s) => s.set('node=cn', 'nodetype.provmethod=light'),
    [
      'error    cn[1-3]: nodetype row: provmethod names image light, which is not defined (nodeset <node> osimage=<image>)',
    ],
  ],
  [
    'an image for something else',
    (s) => s.set('imagename=lite', 'osimage.provmethod=install'),
    [
      'error    osimage row imagename=lite: image lite is for install, not statelite or netboot (set osimage.provmethod=statelite)',
    ],
  ],
  [
    'an old provmethod',
    (s) => s.set('node=cn1', 'nodetype.provmethod=statelite'),
    ['error    cn1: nodetype row: provmethod statelite is not an image name (nodeset cn1 osimage=<image>)'],
  ],
  [
    'nowhere to persist',
    (s) => s.force('statelite', { node: 'cn' }, { disable: '1' }),
    [
      'error    cn[1-3]: statelite: no statelite row for <node>: it has persistent entries (litefile row image=lite,file=/var/lib/app/) (add one with chtab node=<node> statelite.statemnt=<server>:<directory>)',
    ],
  ],
  [
    'a server without address',
    (s) => s.set('node=cn3', 'noderes.nfsserver=store'),
    [
      'error    cn3: noderes row: the address of nfsserver store is not known (write an address, or set hosts.ip for store)',
    ],
  ],
  [
    'a serial port without speed',
    (s) => s.set('node=cn3', 'nodehm.serialport=0'),
    [
      'error    cn3: nodehm row: serialport defined, but no serialspeed for cn3 in nodehm table (chdef cn3 serialspeed=115200)',
    ],
  ],
  [
    "a kernel argument that is the server's",
    (s) => s.set('node=cn3', 'bootparams.addkcmdline=root=/dev/sda'),
    ['error    cn3: bootparams row: addkcmdline has root=, which the server writes (remove it)'],
  ],
  [
    'the wrong architecture',
    (s) => s.set('node=cn3', 'nodetype.arch=ppc64le', 'noderes.netboot=petitboot'),
    [
      "error    cn3: nodetype row: the node is ppc64le, its image lite is for x86_64 (correct nodetype.arch, osimage.osarch or the node's provmethod)",
    ],
  ],
  [
    'a variable without value',
    (s) => s.set('priority=1', 'litetree.directory=10.4.0.1:/t/$noderes.nfsdir'),
    [
      'error    cn[1-3]: litetree row priority=1: noderes.nfsdir is not set for <node> ($noderes.nfsdir): no noderes row of the node or of its groups has it (correct litetree.directory, or set the attribute for the node)',
    ],
  ],
  [
    'a row past the checks: bad option',
    (s) => s.force('litefile', { image: 'ALL', file: '/etc/hosts' }, { options: 'tmfps' }),
    [
      'error    litefile row image=ALL,file=/etc/hosts: unknown option "tmfps" (use one of tmpfs persistent localdisk con ro link link,ro link,con link,persistent (blank and rw mean tmpfs; tmpfs,rw means link))',
    ],
  ],
  [
    'a row past the checks: child of a link',
    (s) => s.force('litefile', { image: 'ALL', file: '/etc/' }, { options: 'ro' }),
    [
      'error    litefile row image=ALL,file=/etc/motd: link cannot be below /etc/, which is ro (litefile row image=ALL,file=/etc/) (list nothing below a ro directory)',
    ],
  ],
  [
    'a row past the checks: one address twice',
    (s) => s.force('hosts', { node: 'cn2' }, { ip: '10.4.1.1' }),
    ['error    hosts row node=cn2, column ip: 10.4.1.1 belongs to node cn1 already (give one of them another address)'],
  ],
  [
    'a row past the checks: one MAC twice',
    (s) => s.force('mac', { node: 'cn2' }, { mac: '02:00:00:00:00:01' }),
    [
      'error    mac row node=cn2, column mac: 02:00:00:00:00:01 belongs to node cn1 already (give one of them another hardware address)',
    ],
  ],
  [
    'a row past the checks: a mask that is none',
    (s) => s.force('networks', { net: '10.5.0.0', mask: '255.0.255.0' }, { netname: 'x' }),
    [
      'error    networks row net=10.5.0.0,mask=255.0.255.0, column mask: "255.0.255.0" is not a network mask (correct the row)',
    ],
  ],
  [
    'a network that this machine is not in',
    (s) => {
      s.machine = { ...MACHINE, addresses: () => [{ name: 'eth0', address: '10.8.0.1' }] }
    },
    [
      'warning  networks row netname=lab: no interface of this machine is in 10.4.0.0/16 (eth0 10.8.0.1) (give one an address there; or, if a DHCP relay stands between, set mgtifname=!remote!<interface>; or, if it is on the wire of another network, the same mgtifname as that)',
    ],
  ],
  [
    'a missing loader',
    (s) => rmSync(`${s.directory}/tftpboot/snponly.efi`),
    [
      'warning  cn[1-3]: loader snponly.efi: missing, and needed by nodes with UEFI firmware (apt-get install ipxe, or put it into @/tftpboot)',
    ],
  ],
  [
    'all loaders missing',
    (s) => rmSync(`${s.directory}/tftpboot`, { recursive: true }),
    [
      'error    cn[1-3]: loader undionly.kpxe: missing, and needed by nodes with BIOS firmware (apt-get install ipxe, or put it into @/tftpboot)',
      'error    cn[1-3]: loader snponly.efi: missing, and needed by nodes with UEFI firmware (apt-get install ipxe, or put it into @/tftpboot)',
    ],
  ],
  [
    'an ARM node without netboot=grub2: no package of Debian has iPXE for it',
    (s) => s.set('node=cn3', 'nodetype.arch=aarch64'),
    [
      "error    cn3: nodetype row: the node is aarch64, its image lite is for x86_64 (correct nodetype.arch, osimage.osarch or the node's provmethod)",
      'error    cn3: loader snponly-arm64.efi: missing, and needed by nodes with UEFI firmware (set netboot=grub2-http, or put it into @/tftpboot)',
    ],
  ],
  [
    'GRUB for one node: without signed loaders in the image UEFI falls back to iPXE, and BIOS does without GRUB in the TFTP directory',
    (s) => s.set('node=cn3', 'noderes.netboot=grub2'),
    [
      'warning  cn3: image lite: nodes with UEFI firmware are given iPXE, without Secure Boot: lite has no GRUB for UEFI, and there is no other (for Secure Boot install in the image: Debian: shim-signed and grub-efi-amd64-signed or -arm64-signed; RHEL: shim-x64 and grub2-efi-x64)',
      'info     cn3: loader boot/grub2/grub2-cn3: there is no GRUB for BIOS; nodes with BIOS firmware are given iPXE',
    ],
  ],
  [
    'GRUB for one node: the signed loaders of Debian do not boot by HTTP',
    async (s) => {
      await s.set('node=cn3', 'noderes.netboot=grub2')
      s.put('tftpboot/boot/grub2/grub2-cn3', 'GRUB')
      s.put('image/rootimg/usr/lib/shim/shimx64.efi.signed', 'shim')
      s.put('image/rootimg/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed', 'GRUB')
    },
    [
      'info     cn3: image lite: nodes with UEFI HTTP firmware are given iPXE, without Secure Boot: the signed GRUB of lite has no HTTP in it, and there is no other (for Secure Boot use UEFI PXE)',
    ],
  ],
  [
    'GRUB for a POWER node: none, with the image of another architecture',
    (s) => s.set('node=cn3', 'nodetype.arch=ppc64le', 'noderes.netboot=grub2-http'),
    [
      "error    cn3: nodetype row: the node is ppc64le, its image lite is for x86_64 (correct nodetype.arch, osimage.osarch or the node's provmethod)",
      'error    cn3: loader boot/grub2/grub2.ppc: missing, and needed by nodes with Open Firmware (liteboot grub make)',
    ],
  ],
  [
    'GRUB for a POWER node: a program that finds no network card',
    async (s) => {
      await s.set('node=cn3', 'nodetype.arch=ppc64le', 'noderes.netboot=grub2-http')
      s.put('tftpboot/boot/grub2/grub2.ppc', encodeProgram([encodeNetworkDriver({ mallocs: 2, isPatched: true })]))
    },
    [
      "error    cn3: nodetype row: the node is ppc64le, its image lite is for x86_64 (correct nodetype.arch, osimage.osarch or the node's provmethod)",
      'error    cn3: loader boot/grub2/grub2.ppc: its network driver finds no card: it was made from modules that a security patch of 2025 broke (liteboot grub make)',
    ],
  ],
  [
    'GRUB for a POWER node: a good program of the node’s own',
    async (s) => {
      await s.set('node=cn3', 'nodetype.arch=ppc64le', 'noderes.netboot=grub2-http')
      s.put('tftpboot/boot/grub2/grub2-cn3', encodeProgram([encodeNetworkDriver({ mallocs: 3, isPatched: true })]))
    },
    [
      "error    cn3: nodetype row: the node is ppc64le, its image lite is for x86_64 (correct nodetype.arch, osimage.osarch or the node's provmethod)",
    ],
  ],
  [
    'pxelinux for one node',
    async (s) => {
      await s.set('node=cn3', 'noderes.netboot=pxe')
      for (const name of ['pxelinux.0', 'ldlinux.c32']) s.put(`tftpboot/${name}`, 'loader')
    },
    ['info     cn3: noderes row: netboot=pxe: pxelinux is a BIOS program; nodes with UEFI firmware are given iPXE'],
  ],
  [
    'no root tree',
    (s) => rmSync(s.rootimg, { recursive: true }),
    [
      'error    image lite: the root tree @/image/rootimg does not exist (build the image there, or correct linuximage.rootimgdir)',
    ],
  ],
  [
    'no init',
    (s) => rmSync(`${s.rootimg}/sbin/init`),
    [
      'error    image lite: @/image/rootimg is no root file system: it has neither /sbin/init nor systemd (build the image)',
    ],
  ],
  [
    'no fstab',
    (s) => rmSync(`${s.rootimg}/etc/fstab`),
    ['info     image lite: has no /etc/fstab (only what the plan says is mounted)'],
  ],
  [
    'no shell',
    (s) => rmSync(`${s.rootimg}/bin/sh`),
    ['error    image lite: @/image/rootimg has no /bin/sh (install one in the image)'],
  ],
  [
    'a tree for another architecture',
    (s) => s.put('image/rootimg/bin/sh', encodeElf({ machine: 21 })),
    [
      'error    image lite: /bin/sh is for ppc64le, the image lite for x86_64 (correct osimage.osarch, or rebuild the image)',
    ],
  ],
  ['liteimg was not run', forgetLiteimg, ['error    image lite: liteimg has not been run (liteimg lite)']],
  [
    'liteimg was interrupted',
    (s) => rmSync(`${s.rootimg}/.statelite/revision`),
    ['error    image lite: liteimg was interrupted (liteimg lite)'],
  ],
  [
    'liteimg was run for other rows',
    (s) => s.set('image=ALL,file=/etc/hosts', 'litefile.options=tmpfs'),
    [
      'error    image lite: liteimg was run for other litefile rows (c79cc0baf73c; they are 23f20d98a870 now) (liteimg lite)',
    ],
  ],
  [
    'a path that vanished',
    (s) => rmSync(`${s.rootimg}/etc/motd`),
    ['error    image lite: /etc/motd is gone from the image since liteimg was run (liteimg lite)'],
  ],
  [
    'a path behind a link',
    async (s) => {
      symlinkSync('lib', `${s.rootimg}/lib64`)
      await s.set('image=ALL,file=/lib64/x', 'litefile.options=tmpfs')
    },
    [
      'error    image lite: liteimg was run for other litefile rows (c79cc0baf73c; they are 64e5d8cc9e6b now) (liteimg lite)',
      'error    image lite: /lib64/x lies behind the symbolic link /lib64 and really is /lib/x: list that path instead (correct the litefile row)',
    ],
  ],
  [
    'no kernel',
    (s) => rmSync(`${s.rootimgdir}/kernel`),
    ['error    image lite: the kernel @/image/kernel does not exist (liteimg lite)'],
  ],
  [
    'an empty kernel',
    (s) => s.put('image/kernel', ''),
    ['error    image lite: the kernel @/image/kernel is empty (liteimg lite)'],
  ],
  [
    'a kernel for another architecture',
    (s) => s.put('image/kernel', encodeElf({ machine: 21 })),
    ['error    image lite: the kernel @/image/kernel is for ppc64le, the image for x86_64 (liteimg lite)'],
  ],
  [
    'a newer kernel in the tree',
    (s) => s.put('image/rootimg/boot/vmlinuz-6.1.0-57', 'x'),
    ['warning  image lite: nodes boot kernel 6.1.0-56, the tree has 6.1.0-57 (liteimg lite)'],
  ],
  [
    'no modules for the kernel',
    (s) => renameSync(`${s.rootimg}/lib/modules/6.1.0-56`, `${s.rootimg}/lib/modules/6.1.0-99`),
    ['error    image lite: the kernel is 6.1.0-56, the tree has modules of: 6.1.0-99 (liteimg lite)'],
  ],
  [
    'no initrd',
    (s) => rmSync(`${s.rootimgdir}/initrd-statelite.gz`),
    ['error    image lite: the initrd @/image/initrd-statelite.gz does not exist (liteimg lite)'],
  ],
  [
    'an initrd that is cut off',
    (s) => truncateSync(`${s.rootimgdir}/initrd-statelite.gz`, 5000),
    ['error    image lite: @/image/initrd-statelite.gz cannot be decompressed: Error: unexpected end of file'],
  ],
  [
    'an initrd of another liteboot',
    (s) =>
      changeInitrd(s, (e) =>
        e.map((each) => (each.name === 'init' ? { ...each, data: Buffer.from('#!/bin/sh') } : each)),
      ),
    ['warning  image lite: the initrd was made by another version of liteboot (liteimg lite)'],
  ],
  [
    'an initrd without init',
    (s) => changeInitrd(s, (e) => e.filter(({ name }) => name !== 'init')),
    ['error    image lite: the initrd @/image/initrd-statelite.gz has no /init (liteimg lite)'],
  ],
  [
    'an initrd without NFS',
    (s) => changeInitrd(s, (e) => e.filter(({ name }) => !name.endsWith('nfsv3.ko'))),
    ['error    image lite: the initrd cannot mount NFS: it lacks nfsv3 (liteimg lite)'],
  ],
  [
    'an initrd without network drivers',
    (s) => changeInitrd(s, (e) => e.filter(({ name }) => !name.endsWith('roadrunner.ko'))),
    [
      'warning  image lite: the initrd has no network driver as a module: only what the kernel has built in works (liteimg lite)',
    ],
  ],
  [
    'an initrd of another kernel',
    (s) => changeInitrd(s, (e) => e.map((each) => ({ ...each, name: each.name.replace('6.1.0-56', '6.1.0-55') }))),
    ['error    image lite: the kernel is 6.1.0-56, the initrd has modules of 6.1.0-55 (liteimg lite)'],
  ],
  [
    'a driver that was asked for',
    (s) => s.set('imagename=lite', 'linuximage.netdrivers=coyote.ko,roadrunner'),
    ['error    image lite: the initrd lacks the network driver coyote of linuximage.netdrivers (liteimg lite)'],
  ],
  [
    'no place to make the persistent directory',
    (s) => {
      rmdirSync(`${s.directory}/persistent`)
      s.put('persistent', 'file')
    },
    [
      'error    persistent directory @/persistent: @/persistent is not a directory (correct statelite.statemnt, or move it away)',
    ],
  ],
  [
    "a node's persistent directory is a file",
    (s) => s.put('persistent/cn2', 'x'),
    ['error    cn2: persistent directory @/persistent: @/persistent/cn2 is not a directory (move it away)'],
  ],
  [
    'a persistent directory in memory',
    (s) => {
      s.machine = roomy({ type: 'tmpfs' })
    },
    [
      'warning  persistent directory @/persistent: lies in memory (tmpfs): it is lost when the server restarts (use a directory on a disk)',
    ],
  ],
  [
    'a full disk',
    (s) => {
      s.machine = roomy({ freeBytes: 5e6 })
    },
    [
      'error    directory @/state: 5 MB free: tables, leases and timeline are kept there (make room)',
      'warning  persistent directory @/persistent: 5 MB of 2000 GB free (make room)',
    ],
  ],
  [
    'no inodes',
    (s) => {
      s.machine = roomy({ freeInodes: 3 })
    },
    ['warning  persistent directory @/persistent: 3 of 2000000 inodes free (remove small files)'],
  ],
  [
    'a dead file server',
    (s) => {
      s.machine = { ...MACHINE, answers: async (path) => !path.includes('persistent') }
    },
    ['error    directory @/persistent: its file server does not answer within 3 seconds (start it, or mount it again)'],
  ],
  [
    'a dead file server under the image',
    (s) => {
      s.machine = { ...MACHINE, answers: async (path) => !path.includes('image') }
    },
    ['error    image lite: the file server of @/image does not answer (start it, or mount it again)'],
  ],
  [
    'a tree that is not there',
    async (s) => {
      await s.set('priority=1', `litetree.directory=10.4.0.1:${s.directory}/nowhere`)
    },
    ['warning  directory @/nowhere: does not exist: litetree of cn1 (make it, or correct the litetree row)'],
  ],
  [
    "another server's exports",
    (s) => s.set('node=cn', 'noderes.nfsserver=10.4.0.9'),
    [
      'info     server 10.4.0.9: must export directories: 1 to be read; they are not checked from here (liteboot exports prints them)',
    ],
  ],
  [
    'another boot server',
    (s) => s.set('node=cn', 'noderes.tftpserver=10.4.0.9'),
    [
      'info     cn[1-3]: noderes row: boots from server 10.4.0.9 (noderes.tftpserver): what that one has is not checked',
      'info     server 10.4.0.9: must export directories: 1 to be read; they are not checked from here (liteboot exports prints them)',
    ],
  ],
  [
    'a row for nobody',
    (s) => s.set('node=cn22', 'noderes.nfsdir=/x'),
    [
      'info     noderes row node=cn22: there is no node and no group of this name (remove it, or define the node or group)',
    ],
  ],
  [
    'a row with a slip in its name',
    (s) => s.set('node=cnn', 'noderes.nfsdir=/x'),
    ['info     noderes row node=cnn: there is no node and no group of this name (did you mean cn?)'],
  ],
  [
    'a name that no file or URL can have, past the checks',
    (s) => s.force('nodelist', { node: 'cn 4' }, { groups: 'all' }),
    [
      'error    nodelist row node=cn 4, column node: "cn 4" is not a name: letters, digits, "-" and "_" only, starting with a letter or digit, at most 63 characters',
    ],
  ],
  [
    'a setting that is no number, past the checks',
    (s) => s.force('site', { key: 'httpport' }, { value: 'eighty' }),
    ['warning  site row key=httpport: "eighty" is not a whole number from 1 to 65535; 80 is used'],
  ],
  [
    'no server runs, and a port is taken',
    (s) => {
      s.isRunning = false
      s.machine = { ...MACHINE, listening: async (p) => new Set(p === 'udp' ? [69] : []) }
    },
    [
      'warning  server: port 69/udp is taken by another program: TFTP could not start (ss -lnp shows it)',
      'info     server: no server runs here (liteboot serve)',
    ],
  ],
  [
    'no site.master',
    (s) => s.force('site', { key: 'master' }, { disable: '1' }),
    ['warning  site row key=master: is not set (chdef -t site master=<address of this server>)'],
  ],
  [
    'a node that boots nothing',
    (s) => s.set('node=cn2', 'chain.currstate=offline'),
    ['info     cn2: chain row: set to boot nothing (nodeset cn2 osimage)'],
  ],
  [
    'a node without image, asked for',
    (s) => s.set('node=cn2', 'nodetype.provmethod=|^.*$||'),
    ['info     cn2: nodetype row: no image: it boots from its next device (nodeset cn2 osimage=<image>)'],
    ['cn2'],
  ],
]

test('a fault of many nodes is cut short, but not for the nodes that are asked for', async (t) => {
  const site = await openCheckSite(t)
  for (let at = 10; at < 40; at++) {
    site.force('nodelist', { node: `dn${at}` }, { groups: 'cn' })
    site.force('hosts', { node: `dn${at}` }, { ip: '10.4.1.1' })
    site.force('mac', { node: `dn${at}` }, { mac: `02:00:00:00:01:${at}` })
  }
  const whole = (await site.check()).map(renderCheckFinding)
  t.true(whole.includes('error    dn[30-39]: hosts row: no address (chdef <node> ip=<address>)'), whole.join('\n'))
  t.deepEqual((await site.check('dn35')).map(renderCheckFinding), [
    'error    dn35: hosts row: no address (chdef dn35 ip=<address>)',
    'error    hosts row node=dn35: 10.4.1.1 belongs to node cn1 already; dn35 does not get it (correct the row)',
  ])
})

const ON_ETH0 = { interfaceName: 'eth0', askedFrom: '10.4.0.1' } as const

test('beside a site’s DHCP server that server is as it should be, another ProxyDHCP server is not', async (t) => {
  const site = await openCheckSite(t)
  const [{ netname = '' } = {}] = await site.rows('networks')
  await site.set('key=proxydhcp', `site.value=${netname}`)
  const siteServer = { ...ON_ETH0, serverIdentifier: '10.4.0.9', offeredAddress: '10.4.7.7', bootFile: '' }
  site.rivals = async () => ({ offers: [siteServer], unasked: [] })
  t.deepEqual((await site.check('dhcp')).map(renderCheckFinding), [
    'info     dhcp server 10.4.0.9: gives the addresses on eth0, as site.proxydhcp says (offered 10.4.7.7)',
  ])
  site.rivals = async () => ({
    offers: [{ ...siteServer, offeredAddress: '0.0.0.0', bootFile: 'other.0' }],
    unasked: [],
  })
  t.deepEqual((await site.check('dhcp')).map(renderCheckFinding), [
    'error    dhcp server 10.4.0.9: another ProxyDHCP server on eth0 offers strangers boot file other.0 (stop it, or take this network from it)',
  ])
})

test('what a running server serves counts, not what the machine has', async (t) => {
  const site = await openCheckSite(t)
  site.served = [{ name: 'eth1', address: '10.9.0.1' }]
  t.deepEqual((await site.check()).map(renderCheckFinding), [
    'warning  networks row netname=lab: interface eth0 (10.4.0.1) is in it, but is not served (eth1 10.9.0.1) (liteboot serve with -i eth0 as well)',
  ])
  site.served = [{ name: 'eth0', address: '10.4.0.1' }]
  t.deepEqual(await site.check(), [])
})

test('other DHCP servers are looked for only when asked', async (t) => {
  const site = await openCheckSite(t)
  let asked = 0
  site.rivals = async () => {
    asked++
    const offer = { ...ON_ETH0, serverIdentifier: '10.4.0.9', offeredAddress: '10.4.7.7', bootFile: 'pxelinux.0' }
    return { offers: [offer], unasked: [] }
  }
  t.deepEqual(await site.check(), [])
  t.is(asked, 0)
  t.deepEqual((await site.check('dhcp')).map(renderCheckFinding), [
    'error    dhcp server 10.4.0.9: another DHCP server on eth0 offers strangers address 10.4.7.7 and boot file pxelinux.0 (stop it, or take this network from it)',
  ])
  site.rivals = () => Promise.reject(new Error('the DHCP client port is not free'))
  t.like((await site.check('dhcp'))[0], { severity: 'warning', code: 'not-asked' })
  site.rivals = async () => ({ offers: [], unasked: [{ interfaceName: 'eth1', why: 'it has no link' }] })
  t.deepEqual((await site.check('dhcp')).map(renderCheckFinding), [
    'warning  dhcp: cannot look for other DHCP servers on eth1: it has no link (ip link show eth1)',
  ])
  site.rivals = async () => ({ offers: [], unasked: [] })
  t.deepEqual((await site.check('dhcp')).map(renderCheckFinding), ['info     dhcp: no other DHCP server answers'])
  // A node of that name is the node.
  await site.set('node=dhcp', 'nodelist.groups=all')
  t.like((await site.check('dhcp'))[0], { code: 'no-image', nodes: ['dhcp'] })
})

for (const [what, make, findings, targets = []] of FAULTS)
  test(`found: ${what}`, async (t) => {
    const site = await openCheckSite(t)
    await make(site)
    const lines = (await site.check(...targets)).map(renderCheckFinding)
    t.deepEqual(
      lines.map((line) => line.replaceAll(site.directory, '@')),
      findings,
    )
  })
