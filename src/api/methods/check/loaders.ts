/** The loader programs that the nodes' firmware will ask for. */
import { join } from 'node:path'
import { chooseLoader } from '../../../boot/loader.ts'
import { findLoaders, LOADER_FILES } from '../../../boot/loader-files.ts'
import type { ClusterNode, Snapshot } from '../../../cluster/model.ts'
import type { StateliteContext } from '../../../statelite/context.ts'
import { firmwareOf, loaderServer } from '../../effects/facts.ts'
import type { Machine } from './machine.ts'
import type { CheckReport } from './report.ts'

export interface LoaderUse {
  /** Below the TFTP root. */
  readonly file: string
  readonly firmware: string
}

export interface WantedLoader extends LoaderUse {
  readonly nodes: string[]
}

/** What the node is told to fetch by TFTP, for each firmware it can have. */
export function bootFilesAt(node: ClusterNode, snapshot: Snapshot, context: StateliteContext): LoaderUse[] {
  const server = loaderServer(node, snapshot, context)
  return firmwareOf(node.arch).flatMap(([firmware, kind]) => {
    // iPXE is a second stage, petitboot brings itself along, and HTTP boot takes the program of plain UEFI.
    if (kind.kind === 'ipxe' || kind.kind === 'petitboot' || kind.kind === 'uefi-http') return []
    // A POWER machine without netboot is taken for one with petitboot.
    if (kind.kind === 'open-firmware' && !(node.netboot ?? '').startsWith('grub2')) return []
    const { file } = chooseLoader(kind, node, server)
    if (file === undefined) return []
    return [file, ...(file === 'pxelinux.0' ? ['ldlinux.c32'] : [])].map((each) => ({ file: each, firmware }))
  })
}

export function wantedLoaders(wanted: Map<string, WantedLoader>, use: LoaderUse, node: string): void {
  const key = `${use.file}\0${use.firmware}`
  const known = wanted.get(key)
  if (known) known.nodes.push(node)
  else wanted.set(key, { ...use, nodes: [node] })
}

/** Which firmware a machine has is not in the tables: one loader of several that is missing is a warning. */
export function checkLoaders(
  wanted: Iterable<WantedLoader>,
  tftpdir: string,
  machine: Machine,
  report: CheckReport,
): void {
  const found = findLoaders(machine.isReadable)
  const isThere = (file: string) => machine.isReadable(join(tftpdir, file)) || found.files.has(file)
  const all = [...wanted]
  const served = new Set(all.filter(({ file }) => isThere(file)).flatMap(({ nodes }) => nodes))
  const seen = new Set<string>()
  for (const { file, firmware, nodes } of all) {
    if (isThere(file)) continue
    for (const node of nodes) {
      // A file of the node's own, or the same for BIOS and UEFI: said once.
      if (seen.has(`${file}\0${node}`)) continue
      seen.add(`${file}\0${node}`)
      const severity = served.has(node) ? 'warning' : 'error'
      const remedy = LOADER_FILES.find(({ name }) => name === file)?.package
      const advice = `${remedy === undefined ? '' : `apt-get install ${remedy}, or `}put it into ${tftpdir}`
      const message = `missing, and needed by nodes with ${firmware} firmware`
      report.add(severity, 'no-loader', `loader ${file}`, message, advice, { name: node })
    }
  }
}
