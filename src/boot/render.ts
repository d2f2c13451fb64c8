/** One node's boot file in any dialect: the state decides between boot, next device and refusal. */
import type { ClusterNode, Image } from '../cluster/model.ts'
import type { KernelLine } from './cmdline.ts'
import { grubProtocol, renderGrubBoot, renderGrubLocal, renderGrubRefusal } from './grub.ts'
import { type BootFiles, renderIpxeBoot, renderIpxeExit, renderIpxeRefusal } from './ipxe.ts'
import type { BootFileKind } from './names.ts'
import { netbootMethod } from './netboot.ts'
import { renderPetitbootBoot, renderPetitbootLocal } from './petitboot.ts'
import { renderPxelinuxBoot, renderPxelinuxLocal, renderPxelinuxRefusal } from './pxelinux.ts'
import { bootStateOf, stateLine } from './state.ts'

export interface BootFileFacts {
  readonly node: ClusterNode
  readonly image: Image
  readonly line: KernelLine
  readonly files: BootFiles
  readonly serverIp: string
  readonly httpPort: number
  /** First line of the file; left out: the image's. */
  readonly stateLine?: string
}

/** The text that boots kernel and initrd of the node's image. */
export function renderBootFile(kind: BootFileKind, facts: BootFileFacts): string {
  const { node, image, line, files } = facts
  const entry = {
    stateLine: facts.stateLine ?? stateLine(image),
    kernel: files.kernelUrl,
    initrd: files.initrdUrl,
    commandLine: line.commandLine,
    hasBootif: line.hasBootif,
  }
  switch (kind) {
    case 'ipxe':
      return renderIpxeBoot({
        ...{ node: node.name, image: bootedThing(facts), files, ...entry },
        scriptUrl: new URL(`/boot/ipxe/${node.name}`, files.kernelUrl).href,
      })
    case 'petitboot':
      return renderPetitbootBoot(entry)
    case 'pxelinux':
      // lpxelinux.0 takes URLs. pxelinux.0 fetches by TFTP only; the same names are answered there.
      if (netbootMethod(node.netboot) === 'pxelinux-http') return renderPxelinuxBoot(entry)
      return renderPxelinuxBoot({ ...entry, kernel: relative(files.kernelUrl), initrd: relative(files.initrdUrl) })
    case 'grub':
      return renderGrubBoot({
        ...entry,
        kernel: `/${relative(files.kernelUrl)}`,
        initrd: `/${relative(files.initrdUrl)}`,
        protocol: grubProtocol(node.netboot ?? '') ?? 'tftp',
        serverIp: facts.serverIp,
        httpPort: facts.httpPort,
        node: node.name,
      })
  }
}

function bootedThing({ image, stateLine: state }: BootFileFacts): string {
  return state === undefined ? image.name : `${state} with kernel and initrd of ${image.name}`
}

/** The text for a node that is not to boot an image; undefined: no file at all, so that the firmware gives up at once. */
export function renderNoImage(kind: BootFileKind, node: ClusterNode): string | undefined {
  if (bootStateOf(node) === 'none') return undefined
  switch (kind) {
    case 'ipxe':
      return renderIpxeExit(node.name)
    case 'petitboot':
      return renderPetitbootLocal()
    case 'pxelinux':
      return renderPxelinuxLocal()
    case 'grub':
      return renderGrubLocal()
  }
}

/** The text for a node whose rows are wrong: says so on its console where the loader can. */
export function renderRefusal(
  kind: BootFileKind,
  node: Pick<ClusterNode, 'name'>,
  reasons: readonly string[],
  url: string,
): string {
  switch (kind) {
    case 'ipxe':
      return renderIpxeRefusal(node.name, reasons, url)
    case 'pxelinux':
      return renderPxelinuxRefusal(node.name, reasons)
    case 'petitboot':
      return ['#refused', ...reasons.map((reason) => `# ${reason.replace(/[^ -~]/g, '?')}`), ''].join('\n')
    case 'grub':
      return renderGrubRefusal(node.name, reasons, url === '' ? undefined : new URL(url).hostname)
  }
}

function relative(url: string): string {
  return new URL(url).pathname.replace(/^\/+/, '')
}
