/** What kind of program is asking for an address: firmware, iPXE, a boot monitor, or an operating system. Pure data and one look-up. */

export type FirmwareKind =
  /** iPXE or xNBA, as option ROM or loaded before: takes a script by URL. */
  | 'ipxe'
  | 'bios-pxe'
  | 'uefi-pxe'
  /** UEFI HTTP boot: wants a URL and `HTTPClient` back. */
  | 'uefi-http'
  /** OPAL firmware with petitboot: wants option 209. */
  | 'petitboot'
  /** PowerVM or SLOF: takes an ELF program by TFTP. */
  | 'open-firmware'
  /** Says it boots from the network, on a platform without a loader of ours. */
  | 'unsupported'
  /** An operating system, an initrd, or firmware that says nothing about itself (SLOF's DISCOVER, GRUB). */
  | 'plain'

export interface Firmware {
  readonly kind: FirmwareKind
  /** Option 93 as sent, undefined when absent. */
  readonly architecture: number | undefined
  /** Instruction set, when the architecture tells. */
  readonly machine: Machine | undefined
  /** One phrase for logs and `explain`. */
  readonly description: string
}

export type Machine =
  | 'i386'
  | 'x86_64'
  | 'arm32'
  | 'arm64'
  | 'ppc64'
  | 'ia64'
  | 'ebc'
  | 'riscv32'
  | 'riscv64'
  | 'loongarch64'

/** The parts of a DHCP request that tell, already parsed. */
export interface FirmwareHints {
  /** Option 93. */
  readonly architectures: readonly number[]
  /** Option 60. */
  readonly vendorClass: string | undefined
  /** Option 77, bare or RFC 3004. */
  readonly userClasses: readonly string[]
  /** Option 175 is present. */
  readonly ipxeOptions: boolean
}

interface ArchitectureRow {
  readonly kind: FirmwareKind
  readonly machine: Machine
  readonly name: string
}

/**
 * Option 93: RFC 4578 §2.1 with the registry "Processor Architecture Types" as it stands, and what was seen.
 * 9 is registered as EBC in RFC 4578 but sent by x86_64 UEFI of several vendors (RFC 4578 errata).
 */
export const ARCHITECTURES: Readonly<Record<number, ArchitectureRow>> = {
  0: { kind: 'bios-pxe', machine: 'i386', name: 'x86 BIOS' },
  2: { kind: 'unsupported', machine: 'ia64', name: 'Itanium UEFI' },
  6: { kind: 'uefi-pxe', machine: 'i386', name: 'x86 UEFI' },
  7: { kind: 'uefi-pxe', machine: 'x86_64', name: 'x86_64 UEFI' },
  9: { kind: 'uefi-pxe', machine: 'x86_64', name: 'x86_64 UEFI (says EBC)' },
  10: { kind: 'unsupported', machine: 'arm32', name: 'ARM 32-bit UEFI' },
  11: { kind: 'uefi-pxe', machine: 'arm64', name: 'ARM 64-bit UEFI' },
  12: { kind: 'open-firmware', machine: 'ppc64', name: 'POWER Open Firmware' },
  14: { kind: 'petitboot', machine: 'ppc64', name: 'POWER OPAL v3' },
  15: { kind: 'uefi-http', machine: 'i386', name: 'x86 UEFI HTTP boot' },
  16: { kind: 'uefi-http', machine: 'x86_64', name: 'x86_64 UEFI HTTP boot' },
  17: { kind: 'unsupported', machine: 'ebc', name: 'EBC HTTP boot' },
  18: { kind: 'unsupported', machine: 'arm32', name: 'ARM 32-bit UEFI HTTP boot' },
  19: { kind: 'uefi-http', machine: 'arm64', name: 'ARM 64-bit UEFI HTTP boot' },
  20: { kind: 'unsupported', machine: 'i386', name: 'x86 BIOS HTTP boot' },
  25: { kind: 'unsupported', machine: 'riscv32', name: 'RISC-V 32-bit UEFI' },
  26: { kind: 'unsupported', machine: 'riscv32', name: 'RISC-V 32-bit UEFI HTTP boot' },
  27: { kind: 'unsupported', machine: 'riscv64', name: 'RISC-V 64-bit UEFI' },
  28: { kind: 'unsupported', machine: 'riscv64', name: 'RISC-V 64-bit UEFI HTTP boot' },
  39: { kind: 'unsupported', machine: 'loongarch64', name: 'LoongArch 64-bit UEFI' },
  40: { kind: 'unsupported', machine: 'loongarch64', name: 'LoongArch 64-bit UEFI HTTP boot' },
}

/** The same machine by HTTP, for a client that says `HTTPClient` beside the architecture of PXE. */
const BY_HTTP: Readonly<Record<number, number>> = { 6: 15, 7: 16, 9: 16, 11: 19 }

/** User classes of second-stage loaders that understand an iPXE script. */
const SCRIPT_LOADERS = ['iPXE', 'xNBA']

export function classifyFirmware(hints: FirmwareHints): Firmware {
  const architecture = architectureOf(hints)
  const row = architecture === undefined ? undefined : ARCHITECTURES[architecture]
  const found = (kind: FirmwareKind, description: string): Firmware => ({
    kind,
    architecture,
    machine: row?.machine,
    description,
  })

  const loader = SCRIPT_LOADERS.find((name) => hints.userClasses.some((userClass) => userClass.includes(name)))
  if (loader) return found('ipxe', `${loader} (user class)`)
  if (hints.ipxeOptions) return found('ipxe', 'iPXE (option 175)')
  if (row) return found(row.kind, row.name)
  if (architecture !== undefined) return found('unsupported', `client architecture ${architecture}`)
  if (hints.vendorClass?.startsWith('PXEClient')) return found('bios-pxe', 'PXEClient without architecture')
  if (hints.vendorClass?.startsWith('HTTPClient')) return found('unsupported', 'HTTPClient without architecture')
  // Etherboot 5.4 ROMs predate option 93 and load a PXE program.
  if (hints.vendorClass?.startsWith('Etherboot')) return found('bios-pxe', 'Etherboot')
  return found('plain', 'no boot firmware named')
}

/** Option 60 names it too (PXE 2.1 §2.2, UEFI HTTP boot): `PXEClient:Arch:00007:…`, for a client or relay without option 93. */
function architectureOf({ architectures, vendorClass = '' }: FirmwareHints): number | undefined {
  const said = architectures.find((type) => ARCHITECTURES[type] !== undefined) ?? architectures[0]
  const named = /^(?:PXE|HTTP)Client:Arch:(\d{5})/.exec(vendorClass)?.[1]
  const found = said ?? (named === undefined ? undefined : Number(named))
  const isHttp = vendorClass.startsWith('HTTPClient')
  return found !== undefined && isHttp ? (BY_HTTP[found] ?? found) : found
}
