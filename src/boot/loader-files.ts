/** Where the loader programs come from: names that clients ask for, files of Debian packages that answer them. */

export interface LoaderFile {
  /** Below the TFTP root. */
  readonly name: string
  /** Names that xCAT used for the same thing. */
  readonly aliases: readonly string[]
  /** Best first. A file of the same name in site.tftpdir goes before all of them; that is the caller's look-up. */
  readonly candidates: readonly string[]
  /** Debian package to install. */
  readonly package: string
  readonly use: string
  /** Few sites need it and no Debian package has it: its absence is not reported at start. */
  readonly optional?: true
}

export const LOADER_FILES: readonly LoaderFile[] = [
  {
    name: 'undionly.kpxe',
    aliases: ['xcat/xnba.kpxe'],
    candidates: ['/usr/lib/ipxe/undionly.kpxe', '/usr/share/ipxe/undionly.kpxe'],
    package: 'ipxe',
    use: 'x86 BIOS',
  },
  {
    name: 'ipxe.pxe',
    aliases: [],
    candidates: ['/usr/lib/ipxe/ipxe.pxe', '/usr/share/ipxe/ipxe.pxe'],
    package: 'ipxe',
    use: 'x86 BIOS, iPXE with its own drivers: noderes.netboot=ipxe-drivers',
  },
  {
    name: 'ipxe.efi',
    aliases: ['xcat/xnba.efi'],
    candidates: ['/usr/lib/ipxe/ipxe.efi', '/boot/ipxe.efi', '/usr/share/ipxe/ipxe-x86_64.efi'],
    package: 'ipxe',
    use: 'x86_64 UEFI, iPXE with its own drivers: noderes.netboot=ipxe-drivers',
  },
  {
    name: 'snponly.efi',
    aliases: [],
    candidates: ['/usr/lib/ipxe/snponly.efi', '/usr/share/ipxe/ipxe-snponly-x86_64.efi'],
    package: 'ipxe',
    use: "x86_64 UEFI, iPXE with the firmware's network driver",
  },
  {
    // Debian's package has no ARM programs, Fedora's has.
    name: 'snponly-arm64.efi',
    aliases: [],
    candidates: ['/usr/lib/ipxe/snponly-arm64.efi', '/usr/share/ipxe/arm64-efi/snponly.efi'],
    package: 'ipxe',
    use: "ARM 64-bit UEFI, iPXE with the firmware's network driver",
    optional: true,
  },
  {
    name: 'ipxe-arm64.efi',
    aliases: [],
    candidates: ['/usr/lib/ipxe/ipxe-arm64.efi', '/usr/share/ipxe/arm64-efi/ipxe.efi'],
    package: 'ipxe',
    use: 'ARM 64-bit UEFI, iPXE with its own drivers: noderes.netboot=ipxe-drivers',
    optional: true,
  },
  {
    name: 'pxelinux.0',
    aliases: [],
    candidates: ['/usr/lib/PXELINUX/pxelinux.0', '/usr/share/syslinux/pxelinux.0'],
    package: 'pxelinux',
    use: 'x86 BIOS, noderes.netboot=pxe',
  },
  {
    name: 'lpxelinux.0',
    aliases: [],
    candidates: ['/usr/lib/PXELINUX/lpxelinux.0', '/usr/share/syslinux/lpxelinux.0'],
    package: 'pxelinux',
    use: 'x86 BIOS, noderes.netboot=pxe-http',
  },
  {
    name: 'ldlinux.c32',
    aliases: [],
    candidates: ['/usr/lib/syslinux/modules/bios/ldlinux.c32', '/usr/share/syslinux/ldlinux.c32'],
    package: 'syslinux-common',
    use: 'x86 BIOS: pxelinux.0 and lpxelinux.0 load it',
  },
]

export interface FoundLoaders {
  /** Name or alias below the TFTP root → file. */
  readonly files: ReadonlyMap<string, string>
  /** One line for each that is missing, with the command that brings it. */
  readonly missing: readonly { readonly name: string; readonly message: string }[]
}

/** @param exists whether a file is there and can be read */
export function findLoaders(exists: (path: string) => boolean): FoundLoaders {
  const files = new Map<string, string>()
  const missing: { name: string; message: string }[] = []
  for (const loader of LOADER_FILES) {
    const path = loader.candidates.find(exists)
    if (path === undefined && loader.optional) continue
    if (path === undefined) {
      missing.push({ name: loader.name, message: messageOf(loader) })
      continue
    }
    for (const name of [loader.name, ...loader.aliases]) files.set(name, path)
  }
  return { files, missing }
}

function messageOf(loader: LoaderFile): string {
  return `loader ${loader.name} (${loader.use}) is missing: ${remedyOf(loader)}put it into site.tftpdir`
}

/** What else can be done than to put the file there, with its "or". */
function remedyOf({ package: debian, optional }: LoaderFile): string {
  return optional ? 'set netboot=grub2-http, or ' : `apt-get install ${debian}, or `
}

/** The same for a loader's name; empty: it is no loader of ours. */
export function loaderRemedy(path: string): string {
  const loader = loaderNamed(path)
  return loader ? remedyOf(loader) : ''
}

function loaderNamed(path: string): LoaderFile | undefined {
  const name = path.replace(/^\/+/, '')
  return LOADER_FILES.find((loader) => loader.name === name || loader.aliases.includes(name))
}

/**
 * For a TFTP or HTTP request: leading slashes do not matter. A package that is installed or removed while the server runs
 * counts at the next request.
 */
export function loaderFor(path: string, exists: (path: string) => boolean): string | undefined {
  return loaderNamed(path)?.candidates.find(exists)
}

/** What to tell whoever asks for a loader that is not there; undefined: it is no loader of ours. */
export function missingLoader(path: string): string | undefined {
  const loader = loaderNamed(path)
  return loader && messageOf(loader)
}
