/**
 * The firmware a virtual machine can have, as data: which QEMU, which machine, how much memory. What a row does not say is the
 * same for all (machine.ts).
 */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'

export type FirmwareName =
  | ('bios' | 'uefi' | 'uefi-http' | 'uefi-secure')
  | ('aavmf' | 'aavmf-http' | 'aavmf-secure')
  | ('vof' | 'slof' | 'powernv9')

export interface FirmwareRow {
  readonly description: string
  readonly qemu: string
  /** Instruction set of the guest, as `nodetype.arch` has it. */
  readonly arch: 'x86_64' | 'aarch64' | 'ppc64le'
  readonly machine: string
  /** Under TCG; with KVM it is the host's. */
  readonly cpu: string
  readonly memoryMiB: number
  /** It cannot load from the network: kernel, initrd and command line are handed to it. */
  readonly handed: boolean
  /** Device model and bus of the network card; `netdev` and `mac` are added. */
  readonly card: string
  readonly arguments: readonly string[]
  /** Debian's, of the emulator and the firmware: what a result was seen with. */
  readonly packages: readonly string[]
  /** Arguments that need a file of the machine's own. */
  prepare?(directory: string, name: string): readonly string[]
}

/** Without `cap-*` QEMU warns of four things that TCG does not have. */
const PSERIES = 'pseries,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off'
const RANDOM = ['-device', 'virtio-rng-pci']
const OVMF = '/usr/share/OVMF'
const AAVMF = '/usr/share/AAVMF'

/** Code and a machine's own copy of the variables. */
function edk2(place: string, code: string, variables: string): (directory: string, name: string) => readonly string[] {
  return (directory, name) => {
    const own = join(directory, `${name}.uefi-variables`)
    copyFileSync(`${place}/${variables}`, own)
    return [
      ...['-drive', `if=pflash,format=raw,unit=0,readonly=on,file=${place}/${code}`],
      ...['-drive', `if=pflash,format=raw,unit=1,file=${own}`],
    ]
  }
}
const PLAIN_OVMF = edk2(OVMF, 'OVMF_CODE_4M.fd', 'OVMF_VARS_4M.fd')
const PLAIN_AAVMF = edk2(AAVMF, 'AAVMF_CODE.fd', 'AAVMF_VARS.fd')

const X86 = { qemu: 'qemu-system-x86_64', arch: 'x86_64', machine: 'q35', cpu: 'qemu64' } as const
const UEFI = { ...X86, packages: ['qemu-system-x86', 'ovmf'] } as const
const ARM = {
  qemu: 'qemu-system-aarch64',
  arch: 'aarch64',
  machine: 'virt',
  cpu: 'cortex-a57',
  packages: ['qemu-system-arm', 'qemu-efi-aarch64'],
} as const
const POWER = {
  qemu: 'qemu-system-ppc64',
  arch: 'ppc64le',
  cpu: 'POWER9',
  packages: ['qemu-system-ppc', 'qemu-system-data'],
} as const
/** An empty option ROM, so that the firmware's own network stack boots and not QEMU's iPXE. */
const WITHOUT_ROM = 'virtio-net-pci,romfile=,bootindex=1'
/** It would try PXE first and sit in it. */
const WITHOUT_PXE = ['IPv4PXESupport', 'IPv6PXESupport'].flatMap((name) => [
  ...['-fw_cfg', `name=opt/org.tianocore/${name},string=n`],
])

export const FIRMWARE: Readonly<Record<FirmwareName, FirmwareRow>> = {
  bios: {
    ...X86,
    packages: ['qemu-system-x86', 'seabios', 'ipxe-qemu'],
    description: 'SeaBIOS; the network card brings iPXE as its option ROM',
    memoryMiB: 1024,
    handed: false,
    card: 'virtio-net-pci,bootindex=1',
    // Found nothing to boot: it begins again after ten seconds, as servers do; QEMU's would stand there for ever.
    arguments: ['-nodefaults', ...RANDOM, '-boot', 'reboot-timeout=10000'],
  },
  uefi: {
    ...UEFI,
    description: 'OVMF, UEFI PXE',
    memoryMiB: 1024,
    handed: false,
    card: WITHOUT_ROM,
    arguments: ['-nodefaults', ...RANDOM],
    prepare: PLAIN_OVMF,
  },
  'uefi-http': {
    ...UEFI,
    description: 'OVMF, UEFI HTTP boot',
    memoryMiB: 1024,
    handed: false,
    card: WITHOUT_ROM,
    arguments: ['-nodefaults', ...RANDOM, ...WITHOUT_PXE],
    prepare: PLAIN_OVMF,
  },
  'uefi-secure': {
    ...UEFI,
    description: 'OVMF, UEFI PXE, Secure Boot with the keys of Microsoft',
    // The variables are out of reach of everything but the firmware's own code in system management mode.
    machine: 'q35,smm=on',
    memoryMiB: 1024,
    handed: false,
    card: WITHOUT_ROM,
    arguments: [
      ...['-nodefaults', ...RANDOM],
      ...['-global', 'driver=cfi.pflash01,property=secure,value=on', '-global', 'ICH9-LPC.disable_s3=1'],
    ],
    prepare: edk2(OVMF, 'OVMF_CODE_4M.secboot.fd', 'OVMF_VARS_4M.ms.fd'),
  },
  aavmf: {
    ...ARM,
    description: 'AAVMF, UEFI PXE',
    memoryMiB: 1024,
    handed: false,
    card: WITHOUT_ROM,
    arguments: ['-nodefaults', ...RANDOM],
    prepare: PLAIN_AAVMF,
  },
  'aavmf-http': {
    ...ARM,
    description: 'AAVMF, UEFI HTTP boot',
    memoryMiB: 1024,
    handed: false,
    card: WITHOUT_ROM,
    arguments: ['-nodefaults', ...RANDOM, ...WITHOUT_PXE],
    prepare: PLAIN_AAVMF,
  },
  'aavmf-secure': {
    ...ARM,
    description: 'AAVMF, UEFI PXE, Secure Boot with the keys of Microsoft',
    memoryMiB: 1024,
    handed: false,
    card: WITHOUT_ROM,
    arguments: ['-nodefaults', ...RANDOM],
    prepare: edk2(AAVMF, 'AAVMF_CODE.ms.fd', 'AAVMF_VARS.ms.fd'),
  },
  vof: {
    ...POWER,
    description: 'pseries with virtual open firmware: quick, but cannot boot from the network by itself',
    machine: `${PSERIES},x-vof=on`,
    memoryMiB: 1024,
    handed: true,
    card: 'virtio-net-pci',
    arguments: ['-nodefaults', ...RANDOM],
  },
  slof: {
    ...POWER,
    description: 'pseries with SLOF, which loads GRUB from the network',
    machine: PSERIES,
    memoryMiB: 1024,
    handed: false,
    card: 'virtio-net-pci,bootindex=1',
    arguments: ['-nodefaults', ...RANDOM],
  },
  powernv9: {
    ...POWER,
    description: 'powernv9 with skiboot (OPAL)',
    machine: 'powernv9',
    memoryMiB: 2048,
    handed: true,
    card: 'e1000e,bus=pcie.0',
    // -nodefaults would take the BMC and the PCI host bridges away too.
    arguments: ['-nic', 'none', '-monitor', 'none'],
  },
}

/** The firmware that the tables call for; undefined: none of ours is of this architecture. */
export function firmwareFor(arch: string, netboot: string): FirmwareName | undefined {
  // GRUB is for UEFI on this platform.
  if (arch === 'x86_64') return netboot.startsWith('grub2') ? 'uefi' : 'bios'
  if (arch === 'aarch64') return 'aavmf'
  if (!arch.startsWith('ppc64')) return undefined
  return netboot.startsWith('grub2') ? 'slof' : 'vof'
}
