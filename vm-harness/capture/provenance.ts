/** Which package a sender came from, with its version. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { FIRMWARE } from '../firmware.ts'
import { packageOfForeignRoot } from '../foreign/image.ts'
import { mendedModules } from '../grub/modules.ts'
import { versionsOf } from '../matrix/results.ts'
import type { Way } from '../matrix/ways.ts'

/** Of the image or to be put into it: the version that apt would take. */
function candidate(name: string): string {
  const policy = execFileSync('apt-cache', ['policy', name], { encoding: 'utf8' })
  return `${name} ${/Candidate: (\S+)/.exec(policy)?.[1] ?? ''}`
}

function installed(name: string): string {
  return versionsOf([name])[0] ?? name
}

export function packageOf(sender: string, way: Way): string {
  const { arch, packages } = FIRMWARE[way.firmware]
  switch (sender) {
    case 'EDK2':
      return installed(packages.find((name) => /^(ovmf|qemu-efi)/.test(name)) ?? '')
    case 'iPXE':
      return installed(way.firmware === 'bios' ? 'ipxe-qemu' : 'ipxe')
    case 'SLOF':
      return installed('qemu-system-data')
    case 'GRUB':
      if (arch === 'ppc64le') return readFileSync(join(mendedModules(), 'built'), 'utf8').trim()
      if (arch === 'aarch64')
        return packageOfForeignRoot(arch, `grub-efi-arm64-${way.firmware.endsWith('-http') ? 'bin' : 'signed'}`)
      return way.firmware.endsWith('-http') ? installed('grub-efi-amd64-bin') : candidate('grub-efi-amd64-signed')
    case 'shim':
      return candidate('shim-signed')
    case 'pxelinux':
      return installed('pxelinux')
    default:
      return candidate('busybox-static')
  }
}

/** The emulator that the machine ran in. */
export function emulatorOf({ firmware }: Way): string {
  return installed(FIRMWARE[firmware].packages.find((name) => name.startsWith('qemu-system')) ?? '')
}
