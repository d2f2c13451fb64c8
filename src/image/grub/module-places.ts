/**
 * Where GRUB's modules for Open Firmware lie: in a tree, on a medium, in a package. Media have them loose for their own boot
 * menu, or in a package of the distribution.
 */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

export const PLATFORM = 'powerpc-ieee1275'

/** Relative to a tree or to the top of a medium, `''` the directory itself. */
const MODULE_DIRECTORIES = [
  '',
  PLATFORM,
  // Debian, RHEL and Fedora in a tree
  `usr/lib/grub/${PLATFORM}`,
  // SUSE in a tree
  `usr/share/grub2/${PLATFORM}`,
  `usr/lib/grub2/${PLATFORM}`,
  // Media: RHEL and Debian, then SUSE
  `boot/grub/${PLATFORM}`,
  `boot/grub2/${PLATFORM}`,
  `boot/ppc64le/grub2-ieee1275/${PLATFORM}`,
]

const PACKAGE =
  /^(grub-ieee1275-bin_.*_(ppc64el|powerpc|ppc64)\.deb|grub2-ppc64le-modules-.*\.rpm|grub2-powerpc-ieee1275-\d.*\.rpm)$/

/** Where packages lie, relative to a medium or a directory of packages. */
const PACKAGE_DIRECTORIES = [
  ...['', 'Packages', 'Packages/g', 'BaseOS/Packages', 'BaseOS/Packages/g', 'BaseOS', 'ppc64le', 'noarch'],
  ...['pool/main/g/grub2', 'Module-Basesystem/noarch', 'Module-Basesystem/ppc64le', 'Product-SLES/noarch'],
]

export type ModuleSource =
  | { readonly kind: 'directory'; readonly path: string }
  /** .deb or .rpm, to be unpacked first. */
  | { readonly kind: 'package'; readonly path: string }

/** What a place has, loose modules before packages, the newest package first. @param place a directory, or one package */
export function findModuleSources(place: string): ModuleSource[] {
  if (PACKAGE.test(place.split('/').at(-1) ?? '') && isFile(place)) return [{ kind: 'package', path: place }]
  const directories = MODULE_DIRECTORIES.map((rel) => join(place, rel)).filter(isModuleDirectory)
  const packages = PACKAGE_DIRECTORIES.flatMap((rel) =>
    namesIn(join(place, rel))
      .filter((name) => PACKAGE.test(name))
      .sort()
      .reverse()
      .map((name) => join(place, rel, name)),
  )
  return [
    ...directories.map((path) => ({ kind: 'directory', path }) as const),
    ...packages.map((path) => ({ kind: 'package', path }) as const),
  ]
}

/** What grub-mkimage must find. A medium's directory may hold a finished program and its menu only. */
export function isModuleDirectory(path: string): boolean {
  return ['kernel.img', 'moddep.lst', 'ofnet.mod', 'modinfo.sh'].every((name) => existsSync(join(path, name)))
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
