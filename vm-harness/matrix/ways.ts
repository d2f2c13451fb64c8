/**
 * The ways from power-on to a statelite root that are rehearsed: firmware, loader and protocol as data. What the machines
 * are, firmware.ts says; what is looked at inside, demo/checklist.ts.
 */
import type { Check } from '../demo/checklist.ts'
import type { FirmwareName } from '../firmware.ts'

export type Root = 'nfs' | 'ramdisk'

export interface Way {
  readonly name: string
  /** Column of the support matrix. */
  readonly description: string
  readonly firmware: FirmwareName
  /** `noderes.netboot` of the node. */
  readonly netboot: string
  /** The roots that are booted whenever the rehearsal runs. */
  readonly always: readonly Root[]
  /** Those that are booted when the way is named. */
  readonly roots: readonly Root[]
  /** The firmware is handed this, which then boots from the network; else what the server serves to petitboot. */
  readonly loader?: 'petitboot'
  /** Debian's, that the loader comes from; those in the image are not counted. */
  readonly packages?: readonly string[]
  /** What the timeline must show of the way to the system, in this order; a file must have come through. */
  readonly timeline: readonly RegExp[]
  readonly checks: readonly Check[]
}

const BOTH = ['nfs', 'ramdisk'] as const
const NFS = ['nfs'] as const
const NONE = [] as const

const isBios: Check = {
  title: 'the firmware is a BIOS',
  script: 'test -d /sys/firmware/efi || echo BIOS',
  expect: 'BIOS',
}
const isUefi: Check = { title: 'the firmware is UEFI', script: 'test -d /sys/firmware/efi && echo efi', expect: 'efi' }
const isArm: Check = { title: 'the machine is aarch64', script: 'uname -m', expect: 'aarch64' }
const isPower: Check = { title: 'the machine is ppc64le', script: 'uname -m', expect: 'ppc64le' }
const isSecure: readonly Check[] = [
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

const script = [/http +get +\/boot\/ipxe\/n1/, /http +get +\/image\/\S+\/kernel/]
const shim = [
  /server +loader .*shim of debian12-lite/,
  /tftp +read +boot\/efi\/n1\/netbootx64\.efi/,
  /tftp +read +boot\/efi\/n1\/\/?grubx64\.efi/,
  /tftp +read +\S*grub\.cfg/,
]
const armShim = [
  /server +loader .*shim of debian12-lite/,
  /tftp +read +boot\/efi\/n1\/netbootaa64\.efi/,
  /tftp +read +boot\/efi\/n1\/\/?grubaa64\.efi/,
  /tftp +read +\S*grub\.cfg/,
]
const slof = [
  /dhcp +ACK +boot\/grub2\/grub2-n1/,
  /tftp +read +\/?boot\/grub2\/grub2-n1/,
  /tftp +read +\S*grub\.cfg-01-52-54-00-77-00-01/,
]
const petitboot = [
  /dhcp +ACK +http:\S*\/boot\/petitboot\/n1/,
  /http +get +\/boot\/petitboot\/n1/,
  /http +get +\/image\/\S+\/kernel/,
  /http +get +\/image\/\S+\/initrd/,
]

export const WAYS: readonly Way[] = [
  {
    name: 'bios-ipxe',
    description: 'BIOS, PXE with iPXE in the card',
    ...{ firmware: 'bios', netboot: 'ipxe', always: BOTH, roots: BOTH },
    timeline: script,
    checks: [isBios],
  },
  {
    name: 'uefi-ipxe',
    packages: ['ipxe'],
    description: 'UEFI PXE, iPXE (`snponly.efi`)',
    ...{ firmware: 'uefi', netboot: 'ipxe', always: BOTH, roots: BOTH },
    timeline: [/tftp +read +snponly\.efi/, ...script],
    checks: [isUefi],
  },
  {
    name: 'uefi-grub',
    description: "UEFI PXE, the image's shim and GRUB, kernel by HTTP",
    ...{ firmware: 'uefi', netboot: 'grub2-http', always: BOTH, roots: BOTH },
    timeline: [...shim, /http +get +\/image\/\S+\/kernel/],
    checks: [isUefi],
  },
  {
    name: 'uefi-http',
    packages: ['ipxe'],
    description: 'UEFI HTTP boot, iPXE by URL',
    ...{ firmware: 'uefi-http', netboot: 'ipxe', always: BOTH, roots: BOTH },
    timeline: [/http +get +\/boot\/loader\/snponly\.efi/, ...script],
    checks: [isUefi],
  },
  {
    name: 'uefi-http-grub',
    packages: ['grub-efi-amd64-bin'],
    description: 'UEFI HTTP boot, GRUB of `liteboot grub make`',
    ...{ firmware: 'uefi-http', netboot: 'grub2-http', always: NONE, roots: BOTH },
    timeline: [
      /GRUB of this server, without Secure Boot/,
      /http +get +\/boot\/efi\/n1\/netbootx64\.efi/,
      /http +get +\/image\/\S+\/kernel/,
    ],
    checks: [isUefi],
  },
  {
    name: 'uefi-ipxe-drivers',
    packages: ['ipxe'],
    description: 'UEFI PXE, iPXE with its own drivers (`ipxe.efi`)',
    ...{ firmware: 'uefi', netboot: 'ipxe-drivers', always: NONE, roots: BOTH },
    timeline: [/tftp +read +ipxe\.efi/, ...script],
    checks: [isUefi],
  },
  {
    name: 'uefi-grub-tftp',
    description: "UEFI PXE, the image's shim and GRUB, all by TFTP",
    ...{ firmware: 'uefi', netboot: 'grub2-tftp', always: NONE, roots: BOTH },
    timeline: [...shim, /tftp +read +\/?image\/\S+\/kernel/],
    checks: [isUefi],
  },
  {
    name: 'secure-boot',
    description: 'UEFI PXE with Secure Boot: shim, GRUB and kernel of the image',
    ...{ firmware: 'uefi-secure', netboot: 'grub2-http', always: NFS, roots: BOTH },
    // Debian's signed GRUB has no HTTP in it, and takes no module: it goes on by TFTP.
    timeline: [...shim, /tftp +read +\/?image\/\S+\/kernel/],
    checks: [isUefi, ...isSecure],
  },
  {
    name: 'pxelinux',
    packages: ['pxelinux'],
    description: '`pxelinux.0`, all by TFTP',
    ...{ firmware: 'bios', netboot: 'pxe', always: NFS, roots: BOTH },
    timeline: [/tftp +read +pxelinux\.0/, /tftp +read +\/pxelinux\.cfg\/n1/, /tftp +read +\/image\/\S+\/kernel/],
    checks: [isBios],
  },
  {
    name: 'lpxelinux',
    packages: ['pxelinux'],
    description: '`lpxelinux.0`, kernel by HTTP',
    ...{ firmware: 'bios', netboot: 'pxe-http', always: NONE, roots: BOTH },
    timeline: [/tftp +read +lpxelinux\.0/, /tftp +read +\/pxelinux\.cfg\/n1/, /http +get +\/image\/\S+\/kernel/],
    checks: [isBios],
  },
  {
    name: 'aarch64-uefi-grub',
    description: "UEFI PXE, the image's shim and GRUB, kernel by HTTP",
    ...{ firmware: 'aavmf', netboot: 'grub2-http', always: NONE, roots: BOTH },
    timeline: [...armShim, /http +get +\/image\/\S+\/kernel/],
    checks: [isArm, isUefi],
  },
  {
    name: 'aarch64-http-grub',
    description: 'UEFI HTTP boot, GRUB of `liteboot grub make`',
    ...{ firmware: 'aavmf-http', netboot: 'grub2-http', always: NONE, roots: BOTH },
    timeline: [
      /GRUB of this server, without Secure Boot/,
      /http +get +\/boot\/efi\/n1\/netbootaa64\.efi/,
      /http +get +\/image\/\S+\/kernel/,
    ],
    checks: [isArm, isUefi],
  },
  {
    name: 'aarch64-secure-boot',
    description: 'UEFI PXE with Secure Boot: shim, GRUB and kernel of the image',
    ...{ firmware: 'aavmf-secure', netboot: 'grub2-http', always: NONE, roots: BOTH },
    timeline: [...armShim, /tftp +read +\/?image\/\S+\/kernel/],
    checks: [isArm, isUefi, ...isSecure],
  },
  {
    name: 'slof-grub-http',
    description: 'Open Firmware (SLOF), GRUB, kernel by HTTP',
    ...{ firmware: 'slof', netboot: 'grub2-http', always: BOTH, roots: BOTH },
    timeline: [...slof, /http +get +\/image\/\S+\/kernel\.gz/, /http +get +\/image\/\S+\/initrd/],
    checks: [isPower],
  },
  {
    name: 'slof-grub-tftp',
    description: 'Open Firmware (SLOF), GRUB, all by TFTP',
    ...{ firmware: 'slof', netboot: 'grub2-tftp', always: BOTH, roots: BOTH },
    timeline: [...slof, /tftp +read +\/?image\/\S+\/kernel\.gz/, /tftp +read +\/?image\/\S+\/initrd/],
    checks: [isPower],
  },
  {
    name: 'petitboot',
    description: 'like OPAL: Linux that reads option 209 as petitboot does, and kexec',
    ...{ firmware: 'vof', netboot: 'petitboot', always: BOTH, roots: BOTH },
    loader: 'petitboot',
    timeline: petitboot,
    checks: [isPower],
  },
  {
    name: 'petitboot-powernv9',
    description: 'the same on skiboot (OPAL)',
    ...{ firmware: 'powernv9', netboot: 'petitboot', always: NFS, roots: BOTH },
    loader: 'petitboot',
    timeline: petitboot,
    checks: [isPower],
  },
  {
    name: 'vof',
    description: 'kernel and initrd handed over by the emulator',
    ...{ firmware: 'vof', netboot: 'petitboot', always: NONE, roots: BOTH },
    timeline: [],
    checks: [isPower],
  },
  {
    name: 'powernv9',
    description: 'skiboot (OPAL), kernel and initrd handed over by the emulator',
    ...{ firmware: 'powernv9', netboot: 'petitboot', always: NONE, roots: NFS },
    timeline: [],
    checks: [isPower],
  },
]
