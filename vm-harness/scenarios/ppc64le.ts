/**
 * ppc64le: an image built on this machine, booted with each firmware to its login prompt, with the demonstration's checks
 * read inside the guest and the way to the kernel in its timeline.
 *
 *   node vm-harness/scenarios/ppc64le.ts [--keep] [--directory DIR] [case …]
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Check, firstBootChecks } from '../demo/checklist.ts'
import { addImageContent, IMAGE, NODES, SERVER, siteCommands, sitePaths, writeTree } from '../demo/site.ts'
import { FIRMWARE, type FirmwareName } from '../firmware.ts'
import { fetchHanded } from '../handed.ts'
import { makePetitboot } from '../petitboot/initrd.ts'
import { placePowerRoot } from '../ppc64le/image.ts'
import { type Rehearsal, rehearse } from '../rehearsal.ts'

/** Where GRUB's modules are built, once for all rehearsals. */
const MODULES = '/var/tmp/liteboot-grub'

interface Case {
  readonly name: string
  readonly firmware: FirmwareName
  readonly netboot: string
  readonly root: 'nfs' | 'ramdisk'
  /** The firmware is handed this, which then boots from the network; else what the server serves to petitboot. */
  readonly loader?: 'petitboot'
  /** What the timeline must show of the way to the system, in this order. */
  readonly way: readonly RegExp[]
}

const SLOF_WAY = [
  /dhcp +ACK +boot\/grub2\/grub2-n1/,
  /tftp +read +\/?boot\/grub2\/grub2-n1/,
  /tftp +read +\S*grub\.cfg-01-52-54-00-77-00-01/,
]
const HTTP_WAY = [/http +get +\/image\/\S+\/kernel\.gz/, /http +get +\/image\/\S+\/initrd/]
const TFTP_WAY = [/tftp +read +\/?image\/\S+\/kernel\.gz/, /tftp +read +\/?image\/\S+\/initrd/]
const PACKED_ROOT = /http +get +\/image\/\S+\/rootimg/

const PETITBOOT_WAY = [
  /dhcp +ACK +http:\S*\/boot\/petitboot\/n1/,
  /http +get +\/boot\/petitboot\/n1/,
  /http +get +\/image\/\S+\/kernel /,
  /http +get +\/image\/\S+\/initrd/,
]

const CASES: readonly Case[] = [
  { name: 'vof', firmware: 'vof', netboot: 'petitboot', root: 'nfs', way: [] },
  { name: 'grub-http', firmware: 'slof', netboot: 'grub2-http', root: 'nfs', way: [...SLOF_WAY, ...HTTP_WAY] },
  { name: 'grub-tftp', firmware: 'slof', netboot: 'grub2-tftp', root: 'nfs', way: [...SLOF_WAY, ...TFTP_WAY] },
  { name: 'powernv9', firmware: 'powernv9', netboot: 'petitboot', root: 'nfs', way: [] },
  {
    ...{ name: 'petitboot', firmware: 'powernv9', netboot: 'petitboot', root: 'nfs' },
    loader: 'petitboot',
    way: PETITBOOT_WAY,
  },
  {
    ...{ name: 'petitboot-ramdisk', firmware: 'vof', netboot: 'petitboot', root: 'ramdisk' },
    loader: 'petitboot',
    way: [...PETITBOOT_WAY, PACKED_ROOT],
  },
  { name: 'vof-ramdisk', firmware: 'vof', netboot: 'petitboot', root: 'ramdisk', way: [PACKED_ROOT] },
  {
    name: 'grub-http-ramdisk',
    firmware: 'slof',
    netboot: 'grub2-http',
    root: 'ramdisk',
    way: [...SLOF_WAY, ...HTTP_WAY, PACKED_ROOT],
  },
]

const IS_POWER: Check = { title: 'the machine is ppc64le', script: 'uname -m', expect: 'ppc64le' }
const RAMDISK_CHECKS: Readonly<Record<string, Partial<Check>>> = {
  'the root file system is NFS, read-only': { title: 'the root file system is in memory', expect: 'overlay rw' },
  'a path that no entry names cannot be written': {
    title: 'a path that no entry names can be written',
    expect: 'works',
  },
}

function checksFor({ root }: Case): Check[] {
  const [node] = NODES
  const list = [...firstBootChecks(node.name, node.ip), IS_POWER]
  return root === 'nfs' ? list : list.map((check) => ({ ...check, ...RAMDISK_CHECKS[check.title] }))
}

async function ppc64le(rehearsal: Rehearsal): Promise<void> {
  const [node] = NODES
  const { directory } = rehearsal
  const paths = { ...sitePaths(directory), image: join(directory, 'install/netboot/debian12/ppc64le/compute') }
  rehearsal.begin('lite', 'persistent', 'install', 'tftpboot')
  for (const words of siteCommands(paths)) await rehearsal.command(...words)
  // Of the lab alone: what stands in the machine's own /tftpboot must not help.
  await rehearsal.command('chdef', '-t', 'site', `tftpdir=${join(directory, 'tftpboot')}`)
  await rehearsal.command('chdef', '-t', 'group', 'compute', 'arch=ppc64le', 'netboot=grub2')
  rehearsal.say('a Debian 12 root file system for ppc64le from Debian packages')
  await placePowerRoot(rehearsal, IMAGE, paths.image)
  // GRUB receives half a megabyte a second: drivers of the cards that these machines have, and no others.
  await rehearsal.command('chdef', '-t', 'osimage', IMAGE, 'netdrivers=virtio_net,ibmveth,e1000e')
  writeTree(paths)
  addImageContent(paths)
  rehearsal.say("GRUB's modules, mended")
  execFileSync('sh', [join(import.meta.dirname, '../grub/build-modules.sh'), MODULES], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  await rehearsal.shown('grub', 'make', '--from', MODULES)
  const lab = await rehearsal.open(`${SERVER}/16`)

  const handedTo = ({ loader }: Case, image: string) =>
    loader === 'petitboot'
      ? makePetitboot(image, join(rehearsal.runDirectory, 'petitboot'))
      : fetchHanded(lab, node.name, node.mac, rehearsal.runDirectory)
  let prepared: string | undefined
  for (const each of CASES.filter(({ name }) => rehearsal.words.length === 0 || rehearsal.words.includes(name))) {
    rehearsal.say(`${each.name}: ${each.firmware} firmware, netboot=${each.netboot}, ${each.root} root`)
    rmSync(paths.persistent, { recursive: true, force: true })
    mkdirSync(paths.persistent)
    if (prepared !== each.root) {
      await rehearsal.command('chdef', '-t', 'osimage', IMAGE, `rootfstype=${each.root}`)
      await rehearsal.shown('liteimg', IMAGE, ...(each.root === 'ramdisk' ? ['-m', 'squashfs', '-c', 'zstd'] : []))
      prepared = each.root
    }
    await rehearsal.command('chdef', node.name, `netboot=${each.netboot}`)
    await rehearsal.command('nodeset', node.name, `osimage=${IMAGE}`)
    const { handed: isHanded, memoryMiB } = FIRMWARE[each.firmware]
    const handed = isHanded ? await handedTo(each, paths.image) : undefined
    const machine = await rehearsal.boot({
      ...node,
      firmware: each.firmware,
      ...(handed ? { handed } : {}),
      memoryMiB: each.root === 'ramdisk' || each.loader ? 2048 : memoryMiB,
    })
    await rehearsal.look(machine, checksFor(each))
    await machine.close()
    const way = new RegExp([...each.way, /^booted after/].map(({ source }) => source).join('[\\s\\S]*'), 'm')
    rehearsal.judge('the timeline shows the way to the system', way, await rehearsal.timeline(node.name))
  }
}

await rehearse('ppc64le', ppc64le)
