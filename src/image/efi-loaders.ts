/**
 * The boot loaders for UEFI that a distribution signed, as they lie in an image's tree: shim, GRUB and MokManager of one
 * package set, so that the key inside shim is the one that GRUB and the image's kernel are signed with.
 *
 * Links are followed inside the tree only (Ubuntu's shim is a link of update-alternatives).
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { lstatOrMissing, resolveInside } from './liteimg/confined.ts'

export type EfiMachine = 'x86_64' | 'arm64'

export interface EfiLoaders {
  /** Absolute paths, real ones. A GRUB without its shim boots only where Secure Boot is off. */
  readonly shim: string | undefined
  readonly grub: string
  readonly mokManager: string | undefined
  /**
   * After UEFI HTTP boot this GRUB fetches its files by HTTP. The signed ones of the RHEL and SUSE families have that in
   * them; Debian's has TFTP only, and ends at its prompt. Of Ubuntu's it depends on the release, so the program itself is asked.
   */
  readonly bootsByHttp: boolean
}

/** One way to lay the files out, relative to the tree. `*` stands for one name, the same in all three. */
interface Layout {
  readonly shim: readonly string[]
  readonly grub: readonly string[]
  readonly mokManager: readonly string[]
  readonly bootsByHttp: true | 'look'
}

function layouts(machine: EfiMachine): readonly Layout[] {
  const short = machine === 'x86_64' ? 'x64' : 'aa64'
  const long = machine === 'x86_64' ? 'x86_64' : 'aarch64'
  const debian = machine === 'x86_64' ? 'x86_64-efi' : 'arm64-efi'
  return [
    {
      // Debian and Ubuntu: shim-signed, grub-efi-*-signed. The image for the network is a file of its own.
      shim: [`usr/lib/shim/shim${short}.efi.signed`, `usr/lib/shim/shim${short}.efi.signed.latest`],
      grub: [`usr/lib/grub/${debian}-signed/grubnet${short}.efi.signed`],
      mokManager: [`usr/lib/shim/mm${short}.efi.signed`, `usr/lib/shim/mm${short}.efi`],
      bootsByHttp: 'look',
    },
    {
      // RHEL, Rocky, Alma, Fedora: shim-x64, grub2-efi-x64.
      shim: [`boot/efi/EFI/*/shim${short}.efi`],
      grub: [`boot/efi/EFI/*/grub${short}.efi`],
      mokManager: [`boot/efi/EFI/*/mm${short}.efi`],
      bootsByHttp: true,
    },
    {
      // SLES, openSUSE: shim, grub2-x86_64-efi.
      shim: [`usr/share/efi/${long}/shim.efi`],
      grub: [`usr/share/efi/${long}/grub.efi`, `usr/share/grub2/${debian}/grub.efi`],
      mokManager: [`usr/share/efi/${long}/MokManager.efi`],
      bootsByHttp: true,
    },
  ]
}

/** Undefined: the tree has no GRUB for this machine. A layout with shim is preferred to one without. */
export async function findEfiLoaders(rootimg: string, machine: EfiMachine): Promise<EfiLoaders | undefined> {
  let unsigned: EfiLoaders | undefined
  for (const layout of layouts(machine)) {
    for (const vendor of await vendorsOf(rootimg, layout)) {
      const first = (patterns: readonly string[]) => firstFile(rootimg, patterns, vendor)
      const grub = await first(layout.grub)
      if (grub === undefined) continue
      const shim = await first(layout.shim)
      const bootsByHttp = layout.bootsByHttp === true || (await speaksHttp(grub))
      const found = { shim, grub, mokManager: await first(layout.mokManager), bootsByHttp }
      if (shim !== undefined) return found
      unsigned ??= found
    }
  }
  return unsigned
}

/** By file; a program that is replaced has another time or size. */
const known = new Map<string, { readonly key: string; readonly speaks: boolean }>()

/** A text of GRUB's module `http` (net/http.c); modules lie in a signed GRUB as they are. */
async function speaksHttp(grub: string): Promise<boolean> {
  const { mtimeMs, size, ino } = await stat(grub)
  const key = `${ino} ${mtimeMs} ${size}`
  const last = known.get(grub)
  if (last?.key === key) return last.speaks
  const speaks = size <= MOST_BYTES && (await readFile(grub)).includes('unsupported HTTP response')
  known.set(grub, { key, speaks })
  return speaks
}

/** Signed ones have 2 to 5 MB. */
const MOST_BYTES = 32 * 1024 * 1024

/** Names that the layout's `*` can stand for; one empty name when it has none. `BOOT` holds copies for removable media. */
async function vendorsOf(rootimg: string, layout: Layout): Promise<readonly string[]> {
  const directory = layout.grub.find((pattern) => pattern.includes('*'))?.split('/*', 1)[0]
  if (directory === undefined) return ['']
  const real = await resolveInside(rootimg, directory)
  if (real === undefined) return []
  const names = await readdir(join(rootimg, real)).catch(() => [])
  return names.filter((name) => name.toUpperCase() !== 'BOOT').sort()
}

async function firstFile(rootimg: string, patterns: readonly string[], vendor: string): Promise<string | undefined> {
  for (const pattern of patterns) {
    const path = await fileInTree(rootimg, pattern.replace('*', vendor))
    if (path !== undefined) return path
  }
  return undefined
}

/** The real path of a plain file, links followed inside the tree only. @param rel relative to the tree */
export async function fileInTree(rootimg: string, rel: string): Promise<string | undefined> {
  const real = await resolveInside(rootimg, rel)
  if (real === undefined) return undefined
  const path = join(rootimg, real)
  return (await lstatOrMissing(path))?.isFile() ? path : undefined
}
