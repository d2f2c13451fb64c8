/**
 * A GRUB program for UEFI with all that a network boot needs inside, HTTP too, which the signed ones of Debian and Ubuntu have
 * not: so it boots after UEFI HTTP boot. It takes the address that the firmware hands over, and asks for one where there is
 * none. It is not signed: Secure Boot refuses it.
 */
import { cp, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GRUB_DIRECTORY, mkimage } from './make.ts'

export const EFI_PLATFORMS = { x86_64: 'x86_64-efi', aarch64: 'arm64-efi' } as const
export type EfiArch = keyof typeof EFI_PLATFORMS

const BUILT_IN = [
  ...['memdisk', 'tar', 'normal', 'configfile', 'efinet', 'net', 'tftp', 'http', 'linux', 'gzio', 'echo', 'test'],
  ...['true', 'sleep', 'ls', 'cat', 'minicmd', 'reboot', 'halt', 'all_video', 'progress'],
]
/** Modules that not every version has. */
const OPTIONAL = ['progress']

/** Where a tree or a machine keeps the modules; Debian and RHEL, then SUSE, then the directory itself. */
export function efiModuleDirectories(place: string, arch: EfiArch): readonly string[] {
  const platform = EFI_PLATFORMS[arch]
  return ['usr/lib/grub', 'usr/share/grub2', ''].map((rel) => join(place, rel, platform)).concat(place)
}

export function efiProgramName(arch: EfiArch): string {
  return `${GRUB_DIRECTORY}/grub2.${arch}`
}

/** GRUB's script, run from inside the program. HTTP first: it is many times faster. */
export function renderEarlyConfig(httpPort: number): string {
  const port = httpPort === 80 ? '' : `:${httpPort}`
  return [
    'if [ -z "$net_default_server" ]; then',
    '  echo "liteboot: asking for an address"',
    '  net_dhcp',
    'fi',
    'while true; do',
    `  configfile (http,$net_default_server${port})/boot/grub2/grub.cfg`,
    '  configfile (tftp,$net_default_server)/boot/grub2/grub.cfg',
    '  echo "liteboot: no boot file from $net_default_server, asking again in 10 seconds"',
    '  sleep 10',
    '  net_dhcp',
    'done',
    '',
  ].join('\n')
}

/** Writes `boot/grub2/grub2.<arch>`, at once or not at all. @returns its path */
export async function makeEfiGrub(modules: string, arch: EfiArch, tftpdir: string, httpPort: number): Promise<string> {
  const work = await mkdtemp(join(tmpdir(), 'liteboot-grub-'))
  const program = join(tftpdir, efiProgramName(arch))
  const draft = `${program}.new`
  try {
    const names = await readdir(modules)
    const builtIn = BUILT_IN.filter((name) => !OPTIONAL.includes(name) || names.includes(`${name}.mod`))
    const memdisk = join(work, 'memdisk.tar')
    await writeFile(memdisk, tarOf('boot/grub/grub.cfg', Buffer.from(renderEarlyConfig(httpPort))))
    const core = join(work, 'core.efi')
    const format = ['-O', EFI_PLATFORMS[arch], '-d', modules]
    await mkimage([...format, '-m', memdisk, '-p', '(memdisk)/boot/grub', '-o', core, ...builtIn])
    await mkdir(join(tftpdir, GRUB_DIRECTORY), { recursive: true })
    await cp(core, draft)
    await rename(draft, program)
  } finally {
    await rm(work, { recursive: true, force: true })
    await rm(draft, { force: true })
  }
  return program
}

/** A tar archive (POSIX ustar) with one file. */
export function tarOf(name: string, data: Buffer): Buffer {
  const header = Buffer.alloc(512)
  const octal = (value: number, at: number, length: number) =>
    header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at)
  header.write(name, 0)
  octal(0o644, 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(data.length, 124, 12)
  octal(0, 136, 12)
  header.write('        0', 148)
  header.write('ustar\u000000', 257)
  // The sum counts its own field as blanks.
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return Buffer.concat([header, data, Buffer.alloc(1024 + ((512 - (data.length % 512)) % 512))])
}
