/** What lies behind `boot/efi/<node>/…`: loaders of the node's own image where it has them, else what this server has. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { findEfiFile } from '../api/efi-choice.ts'
import { parseEfiFileName, parseGrubModuleName } from '../boot/efi-files.ts'
import { LOADER_FILES, loaderFor } from '../boot/loader-files.ts'
import type { Cluster, ClusterNode, Ipv4 } from '../cluster/model.ts'
import { fileInTree } from '../image/efi-loaders.ts'
import { currentPlace } from '../image/generations/layout.ts'
import type { EmitEvent } from '../timeline/event.ts'

export interface EfiFiles {
  /** The file for a name that a client asks for; undefined: not such a name, or nothing is there. */
  find(name: string, clientIp: string, protocol: 'tftp' | 'http'): Promise<string | undefined>
  /** A loader that is the same for all nodes: the site's own goes before the package's. */
  common(name: string): string | undefined
}

export interface EfiFileParts {
  readonly cluster: Cluster
  /** Of the packages' files. */
  readonly exists: (path: string) => boolean
  readonly emit: EmitEvent
  readonly now: () => number
}

/** Firmware asks for the size first, shim for the same file twice: said once. A node that boots again is told again. */
const SAME_MS = 10_000

export function openEfiFiles({ cluster, exists, emit, now }: EfiFileParts): EfiFiles {
  const said = new Map<string, { readonly why: string; readonly atMs: number }>()

  function say(node: ClusterNode, clientIp: string, why: string): void {
    // Somebody else who looks at the file boots nothing.
    if (cluster.current.nodeByIp(clientIp as Ipv4) !== node) return
    const last = said.get(node.name)
    const atMs = now()
    if (last?.why === why && atMs - last.atMs < SAME_MS) return
    said.set(node.name, { why, atMs })
    emit({ atMs, service: 'server', event: 'loader', node: node.name, ip: clientIp, ok: true, detail: why })
  }

  async function grubModule(path: string, clientIp: string): Promise<string | undefined> {
    const name = parseGrubModuleName(path)
    if (!name) return undefined
    const snapshot = cluster.current
    const node = name.node === undefined ? snapshot.nodeByIp(clientIp as Ipv4) : snapshot.node(name.node)
    const image = node?.imageName === undefined ? undefined : snapshot.images.get(node.imageName)
    if (!image) return undefined
    const { rootimg } = currentPlace(image.rootimgdir)
    // The second is the SUSE family's.
    const inTree = (directory: string) => fileInTree(rootimg, `${directory}/${name.platform}/${name.file}`)
    return (await inTree('usr/lib/grub')) ?? inTree('usr/share/grub2')
  }

  function common(path: string): string | undefined {
    const name = path.replace(/^\/+/, '')
    // Only names of loaders: what else lies in that directory is not for this route.
    return LOADER_FILES.some((loader) => loader.name === name) ? (siteFile(name) ?? loaderFor(name, exists)) : undefined
  }

  function siteFile(name: string): string | undefined {
    const own = join(cluster.current.site.tftpdir, name)
    return statSync(own, { throwIfNoEntry: false })?.isFile() ? own : undefined
  }

  /** GRUB for BIOS is nowhere to be had but in the TFTP directory, where it has been looked for already. */
  function insteadOfBiosGrub(path: string, clientIp: string): string | undefined {
    const node = cluster.current.node(/^boot\/grub2\/grub2-([^/]+)$/.exec(path)?.[1] ?? '')
    if (!node || !/^(x86|i[3-6]86)/.test(node.arch ?? 'x86_64')) return undefined
    say(node, clientIp, 'iPXE: there is no GRUB for BIOS in the TFTP directory')
    return common('undionly.kpxe')
  }

  return {
    common,
    async find(request, clientIp, protocol) {
      const snapshot = cluster.current
      const path = request.replace(/^\/+/, '')
      const name = parseEfiFileName(path, snapshot, clientIp)
      if (!name) return insteadOfBiosGrub(path, clientIp) ?? grubModule(path, clientIp)
      const own = siteFile(path)
      if (own !== undefined) return own
      const choice = await findEfiFile(name, protocol, snapshot, common)
      if (!choice) return undefined
      if (name.part === 'first') say(name.node, clientIp, choice.why)
      return choice.path
    },
  }
}
