/**
 * genimage: package lists → a root tree, its kernel and its initrd, as a new generation of the image.
 *
 * This folder works on lists, repositories and the one DEST it is given. It must not know tables, nodes or sockets: what
 * the tables say stands in the request, and what was made stands in the report. Package managers do the installing; each
 * has a file that says which commands it takes (dnf.ts, zypper.ts, apt.ts), and genimage.ts carries them out in order,
 * inside a build room (build-room.ts) out of which nothing can leak.
 */

import type { RootPassword } from '../root-password.ts'

export interface ScriptCall {
  readonly path: string
  readonly args: readonly string[]
}

/** What to do when the image is for machines of another kind: run their programs by emulation, or build nothing. */
export type Cross = 'emulate' | 'refuse'

export interface GenimageRequest {
  readonly image: string
  /** `linuximage.rootimgdir`. */
  readonly dest: string
  readonly os: string
  /** As `osimage.osarch` has it; Debian's names are taken too. */
  readonly arch: string
  readonly profile: string
  readonly provmethod: 'netboot' | 'statelite'
  /** Directories, URLs, `URL SUITE COMPONENT…` entries, or one tree or archive to start from. */
  readonly pkgdirs: readonly string[]
  readonly otherpkgdirs: readonly string[]
  readonly pkglists: readonly string[]
  readonly otherpkglists: readonly string[]
  readonly postinstall: readonly ScriptCall[]
  /** `osimage.environvar`. */
  readonly environment: Readonly<Record<string, string>>
  /** `site.ubuntu_apt_mirror`: for Debian and Ubuntu images whose pkgdir names no URL. */
  readonly aptMirror?: string
  readonly kernelVersion?: string
  /** `-g`: version of the kernel packages, when it is not the kernel's own (SUSE). */
  readonly rpmKernelVersion?: string
  readonly kernelDir?: string
  /** `linuximage.netdrivers`: these instead of all. */
  readonly drivers?: readonly string[]
  readonly driverUpdates?: readonly string[]
  readonly ignoreKernelCheck?: boolean
  readonly bootInterface?: string
  readonly otherInterfaces?: readonly string[]
  /** `-t`: /tmp and /var/tmp get tmpfs lines of this size in fstab. */
  readonly tmpSize?: string
  /** false: `--noupdate`. */
  readonly update: boolean
  readonly onlyInitrd: boolean
  readonly cross: Cross
  /** undefined: the tables have none. */
  readonly rootPassword: RootPassword | undefined
  /** The directory initrd-scripts. */
  readonly scripts: string
  /** `<directory>/<arch>/busybox`, static: put into images that have none, when they are for other machines than this. */
  readonly busyboxDirectory?: string
}

export interface GenimageReport {
  readonly image: string
  readonly dest: string
  readonly generation: number
  readonly rootimg: string
  readonly log: string
  readonly kernelVersion: string
  readonly initrd: { readonly path: string; readonly sizeBytes: number; readonly modules: number }
  readonly missingFirmware: readonly string[]
  /** Installed packages; undefined where nothing can be said (a tree that was copied). */
  readonly packages?: number
  readonly warnings: readonly string[]
}

export type OnProgress = (line: string) => void
