/**
 * x86_64 firmware other than BIOS with iPXE: each kind boots the demonstration's image to its login prompt, with the
 * demonstration's checks read inside the guest and the loaders of the boot in its timeline.
 *
 *   node vm-harness/scenarios/uefi.ts [--keep] [--directory DIR] [case …]
 *
 * LITEBOOT_PACKETS=FILE keeps what firmware and loaders sent (tcpdump), for golden packets.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Check, firstBootChecks } from '../demo/checklist.ts'
import { placeRoot } from '../demo/root.ts'
import { addImageContent, IMAGE, NODES, SERVER, siteCommands, sitePaths, writeTree } from '../demo/site.ts'
import type { FirmwareName } from '../firmware.ts'
import { type Rehearsal, rehearse } from '../rehearsal.ts'

interface Case {
  readonly name: string
  readonly firmware: FirmwareName
  readonly netboot: string
  readonly root: 'nfs' | 'ramdisk'
  /** What the timeline must show of the way to the kernel, in this order. */
  readonly way: readonly RegExp[]
  readonly checks: readonly Check[]
}

const IS_UEFI: Check = { title: 'the firmware is UEFI', script: 'test -d /sys/firmware/efi && echo efi', expect: 'efi' }
const IS_BIOS: Check = {
  title: 'the firmware is a BIOS',
  script: 'test -d /sys/firmware/efi || echo BIOS',
  expect: 'BIOS',
}
const IS_SECURE: readonly Check[] = [
  {
    title: 'Secure Boot is on, and the kernel knows it',
    script: `dmesg | grep -o 'secureboot: Secure boot enabled'`,
    expect: 'secureboot: Secure boot enabled',
  },
  {
    title: 'the kernel is locked down',
    script:
      'grep -o "\\[[a-z]*\\]" /sys/kernel/security/lockdown 2>/dev/null || dmesg | grep -om1 "Kernel is locked down"',
    expect: /integrity|locked down/,
  },
]

const IPXE_WAY = [/http +get +\/boot\/ipxe\/n1/, /http +get +\/image\/\S+\/kernel/]
const GRUB_WAY = [/tftp +read +\S*grub\.cfg/, /tftp +read +\/?image\/\S+\/kernel/]
const SHIM_WAY = [
  /server +loader .*shim of debian12-lite/,
  /tftp +read +boot\/efi\/n1\/netbootx64\.efi/,
  /tftp +read +boot\/efi\/n1\/\/?grubx64\.efi/,
]

const CASES: readonly Case[] = [
  {
    name: 'uefi-ipxe',
    firmware: 'uefi',
    netboot: 'ipxe',
    root: 'nfs',
    way: [/tftp +read +snponly\.efi/, ...IPXE_WAY],
    checks: [IS_UEFI],
  },
  {
    name: 'uefi-ipxe-drivers',
    firmware: 'uefi',
    netboot: 'ipxe-drivers',
    root: 'nfs',
    way: [/tftp +read +ipxe\.efi/, ...IPXE_WAY],
    checks: [IS_UEFI],
  },
  {
    name: 'uefi-grub',
    firmware: 'uefi',
    netboot: 'grub2',
    root: 'nfs',
    way: [...SHIM_WAY, ...GRUB_WAY],
    checks: [IS_UEFI],
  },
  {
    name: 'secure-boot',
    firmware: 'uefi-secure',
    netboot: 'grub2-http',
    root: 'nfs',
    // Debian's signed GRUB has no HTTP in it, and takes no module: it goes on by TFTP.
    way: [...SHIM_WAY, ...GRUB_WAY],
    checks: [IS_UEFI, ...IS_SECURE],
  },
  {
    name: 'uefi-http-ipxe',
    firmware: 'uefi-http',
    netboot: 'ipxe',
    root: 'ramdisk',
    way: [/http +get +\/boot\/loader\/snponly\.efi/, ...IPXE_WAY],
    checks: [IS_UEFI],
  },
  {
    name: 'uefi-http-grub',
    firmware: 'uefi-http',
    netboot: 'grub2-http',
    root: 'nfs',
    way: [
      /GRUB of this server, without Secure Boot/,
      /http +get +\/boot\/efi\/n1\/netbootx64\.efi/,
      /http +get +\/image\/\S+\/kernel/,
    ],
    checks: [IS_UEFI],
  },
  {
    name: 'pxelinux',
    firmware: 'bios',
    netboot: 'pxe',
    root: 'nfs',
    way: [/tftp +read +pxelinux\.0/, /tftp +read +\/pxelinux\.cfg\/n1/, /tftp +read +\/image\/\S+\/kernel/],
    checks: [IS_BIOS],
  },
  {
    name: 'lpxelinux',
    firmware: 'bios',
    netboot: 'pxe-http',
    root: 'nfs',
    way: [/tftp +read +lpxelinux\.0/, /tftp +read +\/pxelinux\.cfg\/n1/, /http +get +\/image\/\S+\/kernel/],
    checks: [IS_BIOS],
  },
]

const RAMDISK_CHECKS: Readonly<Record<string, Partial<Check>>> = {
  'the root file system is NFS, read-only': { title: 'the root file system is tmpfs', expect: 'tmpfs rw' },
  'a path that no entry names cannot be written': {
    title: 'a path that no entry names can be written',
    expect: 'works',
  },
}

function checksFor({ root, checks }: Case): Check[] {
  const [node] = NODES
  const list = firstBootChecks(node.name, node.ip)
  if (root === 'nfs') return [...list, ...checks]
  return [...list.map((check) => ({ ...check, ...RAMDISK_CHECKS[check.title] })), ...checks]
}

async function prepare(rehearsal: Rehearsal): Promise<void> {
  const paths = sitePaths(rehearsal.directory)
  rehearsal.begin('lite', 'persistent', 'install', 'tftpboot')
  rehearsal.say('a Debian 12 root file system with the signed loaders, from Debian packages')
  placeRoot(paths.image)
  execFileSync('sh', [join(import.meta.dirname, '../demo/signed-loaders.sh'), join(paths.image, 'rootimg')])
  writeTree(paths)
  addImageContent(paths)
  for (const words of siteCommands(paths)) await rehearsal.command(...words)
  // Of the lab alone: what stands in the machine's own directory must not help.
  await rehearsal.command('chdef', '-t', 'site', `tftpdir=${join(rehearsal.directory, 'tftpboot')}`)
  await rehearsal.shown('grub', 'make', '--arch', 'x86_64')
}

/** Switches the node on as the case has it, up to its login prompt and through the checks. */
async function boot(rehearsal: Rehearsal, each: Case): Promise<void> {
  const [node] = NODES
  await rehearsal.command('chdef', node.name, `netboot=${each.netboot}`)
  await rehearsal.command('nodeset', node.name, `osimage=${IMAGE}`)
  const machine = await rehearsal.power({
    ...node,
    firmware: each.firmware,
    ...(each.root === 'ramdisk' ? { memoryMiB: 2048 } : {}),
  })
  try {
    await rehearsal.login(machine)
    await rehearsal.look(machine, checksFor(each))
  } catch (error) {
    // The other cases say more about what is wrong than this one alone.
    rehearsal.judge(
      `${each.name} gets to the login prompt`,
      'yes',
      error instanceof Error ? error.message : String(error),
    )
  }
  await machine.close()
  const way = new RegExp(each.way.map(({ source }) => source).join('[\\s\\S]*'))
  rehearsal.judge('the timeline shows the way to the kernel', way, await rehearsal.timeline(node.name))
}

const FORGED = 'secure-boot-forged'
const REFUSAL_MS = 120_000

/** A GRUB that nobody signed, in the place of the image's: shim must refuse it, and offers MokManager. */
async function bootForged(rehearsal: Rehearsal): Promise<void> {
  const [node] = NODES
  const signed = join(
    sitePaths(rehearsal.directory).image,
    'rootimg/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed',
  )
  rehearsal.say(`${FORGED}: Secure Boot, and a GRUB without a signature in the image`)
  // It may be the only one that is wanted.
  await rehearsal.command('chdef', '-t', 'osimage', IMAGE, 'rootfstype=nfs')
  await rehearsal.command('liteimg', IMAGE)
  await rehearsal.command('chdef', node.name, 'netboot=grub2')
  await rehearsal.command('nodeset', node.name, `osimage=${IMAGE}`)
  const own = `${signed}.own`
  renameSync(signed, own)
  try {
    copyFileSync(join(rehearsal.directory, 'tftpboot/boot/grub2/grub2.x86_64'), signed)
    const machine = await rehearsal.power({ ...node, firmware: 'uefi-secure' })
    // shim says so in a box, and goes on when somebody has read it.
    await machine.console.waitFor(/Verification failed/, REFUSAL_MS)
    await machine.console.waitFor(/ OK /, REFUSAL_MS)
    machine.console.write('\r')
    await rehearsal.untilTimeline(node.name, /tftp +read +boot\/efi\/n1\/mmx64\.efi [1-9]/)
    await machine.close()
    rehearsal.judge(
      'shim loads the GRUB without a signature, refuses it, and loads MokManager',
      /grubx64\.efi [1-9][\s\S]*mmx64\.efi [1-9](?![\s\S]*grub\.cfg)/,
      await rehearsal.timeline(node.name),
    )
  } finally {
    renameSync(own, signed)
  }
}

async function uefi(rehearsal: Rehearsal): Promise<void> {
  const { persistent } = sitePaths(rehearsal.directory)
  await prepare(rehearsal)
  const lab = await rehearsal.open(`${SERVER}/16`)
  const packets = process.env.LITEBOOT_PACKETS
  if (packets !== undefined) {
    const filter = ['-i', 'br0', '-U', '-w', packets, 'udp and port (67 or 69)']
    const capture = lab.spawn('tcpdump', filter, { stdio: 'ignore' })
    rehearsal.cleanUps.add(() => capture.kill('SIGINT'))
  }
  let prepared: string | undefined
  const isWanted = (name: string) => rehearsal.words.length === 0 || rehearsal.words.includes(name)
  for (const each of CASES.filter(({ name }) => isWanted(name))) {
    rehearsal.say(`${each.name}: ${each.firmware} firmware, netboot=${each.netboot}, ${each.root} root`)
    rmSync(persistent, { recursive: true, force: true })
    mkdirSync(persistent)
    if (prepared !== each.root) {
      await rehearsal.command('chdef', '-t', 'osimage', IMAGE, `rootfstype=${each.root}`)
      await rehearsal.command('liteimg', IMAGE)
      prepared = each.root
    }
    await boot(rehearsal, each)
  }
  if (isWanted(FORGED)) await bootForged(rehearsal)
}

await rehearse('uefi', uefi)
