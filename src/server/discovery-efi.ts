/**
 * Loaders of ARM machines that no table knows: shim and GRUB of the image whose kernel takes stock, else the server's own
 * GRUB or iPXE. The same choice as for nodes; other machines are told loaders that are the same for all.
 */
import { findEfiFile } from '../api/efi-choice.ts'
import { ARM_DISCOVERY_NAME, armDiscoveryNode, type FindDiscoveryImage } from '../boot/discovery.ts'
import { type EfiPart, parseGrubModuleName } from '../boot/efi-files.ts'
import type { Cluster } from '../cluster/model.ts'
import { fileInTree } from '../image/efi-loaders.ts'
import { currentPlace } from '../image/generations/layout.ts'
import type { EmitEvent } from '../timeline/event.ts'

export interface DiscoveryEfi {
  /** The file for a name that a client asks for; undefined: not such a name, not such a client, or nothing is there. */
  find(name: string, clientIp: string, protocol: 'tftp' | 'http'): Promise<string | undefined>
  /** Why the loader is not there, and what to do; undefined: it is not asked for. */
  whyNot(name: string, clientIp: string): string | undefined
}

export interface DiscoveryEfiParts {
  readonly cluster: Cluster
  readonly findDiscoveryImage: FindDiscoveryImage
  readonly common: (name: string) => string | undefined
  readonly emit: EmitEvent
  readonly now: () => number
}

const FIRST = 'netbootaa64.efi'
const PARTS: readonly { readonly pattern: RegExp; readonly part: EfiPart }[] = [
  { pattern: /^netbootaa64\.efi$/i, part: 'first' },
  { pattern: /^grub(?:aa64)?\.efi$/i, part: 'grub' },
  { pattern: /^(?:mmaa64|MokManager)\.efi$/i, part: 'mokManager' },
]

/** Firmware asks for the size first: said once. */
const SAME_MS = 10_000

export function openDiscoveryEfi({ cluster, findDiscoveryImage, common, emit, now }: DiscoveryEfiParts): DiscoveryEfi {
  let said = { why: '', ip: '', atMs: Number.NEGATIVE_INFINITY }
  const strangerAt = (clientIp: string) => {
    const node = armDiscoveryNode(clientIp, cluster.current, findDiscoveryImage)
    return node && 'fault' in node ? undefined : node
  }

  function say(why: string, ip: string): void {
    const atMs = now()
    if (said.why === why && said.ip === ip && atMs - said.atMs < SAME_MS) return
    said = { why, ip, atMs }
    emit({ atMs, service: 'server', event: 'loader', ip, ok: true, detail: why })
  }

  function grubModule(path: string, clientIp: string): Promise<string | undefined> | undefined {
    const name = parseGrubModuleName(path)
    if (name?.platform !== 'arm64-efi') return undefined
    if (name.node !== undefined && name.node !== ARM_DISCOVERY_NAME) return undefined
    const imageName = strangerAt(clientIp)?.imageName
    const image = imageName === undefined ? undefined : cluster.current.images.get(imageName)
    return image && fileInTree(currentPlace(image.rootimgdir).rootimg, `usr/lib/grub/arm64-efi/${name.file}`)
  }

  return {
    async find(request, clientIp, protocol) {
      const path = request.replace(/^\/+/, '')
      const part = partOf(path)
      if (part === undefined) return grubModule(path, clientIp)
      const node = strangerAt(clientIp)
      if (!node) return undefined
      const choice = await findEfiFile({ node, machine: 'arm64', part }, protocol, cluster.current, common)
      if (choice && part === 'first') say(choice.why, clientIp)
      return choice?.path
    },
    whyNot(request, clientIp) {
      if (request.replace(/^\/+/, '') !== `boot/efi/${ARM_DISCOVERY_NAME}/${FIRST}`) return undefined
      const node = armDiscoveryNode(clientIp, cluster.current, findDiscoveryImage)
      if (!node || 'fault' in node) return node?.fault
      return `discovery: no GRUB for aarch64: liteboot grub make --arch aarch64, or shim and GRUB into image ${node.imageName}`
    },
  }
}

function partOf(path: string): EfiPart | undefined {
  const directory = `boot/efi/${ARM_DISCOVERY_NAME}/`
  if (!path.startsWith(directory)) return undefined
  return PARTS.find(({ pattern }) => pattern.test(path.slice(directory.length)))?.part
}
