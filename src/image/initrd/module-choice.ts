/** Which modules the lean initrd carries: data, and the choice made from it. Pure. */
import { ImageError } from '../image-error.ts'
import { closeOverDependencies, type ModuleIndex, resolveModule } from './module-index.ts'

/** Directories whose modules are network drivers or parts of them, below `kernel/`. */
const NETWORK_DIRECTORIES = [
  'drivers/net/ethernet/',
  'drivers/net/hyperv/',
  'drivers/net/vmxnet3/',
  // Loaded by name when a driver finds its PHY, so no dependency names them.
  'drivers/net/phy/',
  'drivers/net/mdio/',
  'drivers/net/pcs/',
]

const NETWORK_MODULES = [
  'virtio_net',
  'net_failover',
  'xen_netfront',
  // InfiniBand cards that boot over IPoIB.
  'mlx4_core',
  'mlx4_en',
  'mlx4_ib',
  'mlx5_core',
  'mlx5_ib',
  'ib_ipoib',
]

/**
 * Disk controllers of compute nodes and the file systems put on them. Named one by one: all of drivers/scsi would double
 * the initrd, and POWER nodes load it at half a megabyte a second.
 */
const STORAGE_MODULES = [
  ...['nvme', 'ahci', 'ata_piix', 'sd_mod', 'virtio_blk', 'virtio_scsi', 'xen_blkfront', 'hv_storvsc', 'vmw_pvscsi'],
  ...['megaraid_sas', 'mpt3sas', 'hpsa', 'smartpqi', 'aacraid', 'ipr', 'ibmvscsi', 'ibmvfc', 'mmc_block', 'sdhci_pci'],
  ...['ext4', 'xfs', 'crc32c_generic'],
]

/** Needed by the steps, whatever the card: root and trees over NFS, overlays, packed roots, paravirtual buses, entropy. */
const BASE_MODULES = [
  'af_packet',
  'failover',
  'lockd',
  'loop',
  'nfs',
  'nfsv3',
  'nfsv4',
  'overlay',
  'pci_hyperv',
  'squashfs',
  'sunrpc',
  'virtio_mmio',
  'virtio_pci',
  'virtio_rng',
]

/** Without these no node can mount its root: better no initrd than one that hangs. */
const REQUIRED_MODULES = ['nfs', 'nfsv3', 'sunrpc']

export interface ModuleChoice {
  /** `linuximage.netdrivers`: these network drivers instead of all. */
  readonly drivers?: readonly string[]
  readonly extraModules?: readonly string[]
}

/** Paths in load order. */
export function chooseModules(index: ModuleIndex, choice: ModuleChoice): string[] {
  const problems: string[] = []
  const wanted: string[] = []
  const add = (name: string, isAsked: boolean) => {
    const plain = name.replace(/^.*\//, '').replace(/\.ko(\.(gz|xz|zst))?$/, '')
    const found = resolveModule(index, plain)
    wanted.push(...found)
    if (found.length === 0 && isAsked && !index.builtin.has(plain.replaceAll('-', '_')))
      problems.push(`the image's kernel has no module ${name}: correct the name, or install its package in the image`)
  }
  for (const name of BASE_MODULES) add(name, REQUIRED_MODULES.includes(name))
  for (const name of STORAGE_MODULES) add(name, false)
  for (const name of choice.extraModules ?? []) add(name, true)
  if (choice.drivers !== undefined) for (const name of choice.drivers) add(name, true)
  else {
    for (const name of NETWORK_MODULES) add(name, false)
    for (const path of [...index.dependencies.keys()].sort())
      if (NETWORK_DIRECTORIES.some((directory) => path.includes(`kernel/${directory}`))) wanted.push(path)
  }
  if (problems.length > 0) throw new ImageError('image-modules', problems)
  return closeOverDependencies(index, wanted)
}
