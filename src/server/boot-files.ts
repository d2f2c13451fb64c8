/** The boot file of a node in the dialect that was asked for, from the tables as they are now. */

import { ARM_DISCOVERY_NAME, DISCOVERY_NAME, discoveryBootFile, type FindDiscoveryImage } from '../boot/discovery.ts'
import { renderGrubByHardwareAddress } from '../boot/grub.ts'
import { renderIpxeUnknown } from '../boot/ipxe.ts'
import { bootFileFor } from '../boot/names.ts'
import type { NodeAnswers } from '../boot/node-answers.ts'
import { nodeBootFile } from '../boot/node-boot-file.ts'
import { renderRefusal } from '../boot/render.ts'
import { bootStateOf } from '../boot/state.ts'
import type { Cluster, Ipv4 } from '../cluster/model.ts'
import { BOOT_FILE_EVENT, type EmitEvent } from '../timeline/event.ts'
import type { Blobs } from './blobs.ts'

export interface BootFiles {
  /** @param path as the client asked for it; undefined: not a boot file of a node */
  textFor(path: string, clientIp: string): { readonly text: string; readonly node: string | undefined } | undefined
}

export interface BootFileParts {
  readonly cluster: Cluster
  readonly answers: NodeAnswers
  readonly blobs: Blobs
  readonly findDiscoveryImage: FindDiscoveryImage
  readonly emit: EmitEvent
  readonly now: () => number
}

export function openBootFiles(parts: BootFileParts): BootFiles {
  const { cluster, answers, blobs, emit, now } = parts
  return {
    textFor(path, clientIp) {
      const snapshot = cluster.current
      const name = bootFileFor(path, snapshot, clientIp)
      if (!name) {
        const stranger = strangerText(parts, path, clientIp)
        if (stranger !== undefined) return { text: stranger, node: undefined }
        if (/^\/?(boot\/grub2|grub(\/[a-z0-9_]+-efi)?|EFI\/[^/]+)\/grub\.cfg$/.test(path))
          return { text: renderGrubByHardwareAddress(), node: undefined }
        // A machine that iPXE brought here must be told on its screen that nobody knows it.
        return /^\/?boot\/ipxe(\/|$)/.test(path) ? { text: renderIpxeUnknown(clientIp), node: undefined } : undefined
      }
      const { kind, node } = name
      const file = nodeBootFile(kind, node, snapshot, answers, blobs.find)
      if (file.kind === 'none') return undefined
      // Whoever watches the boot must learn that no kernel will follow, whichever protocol brought the file.
      const detail =
        file.kind === 'refused'
          ? file.reasons.join('\n')
          : bootStateOf(node) === 'disk'
            ? 'goes on with its next boot device'
            : undefined
      // Somebody else who looks at the file boots nothing.
      if (detail !== undefined && snapshot.nodeByIp(clientIp as Ipv4) === node) {
        const ok = file.kind === 'text'
        const event = { atMs: now(), service: 'server', event: BOOT_FILE_EVENT, node: node.name, ip: clientIp } as const
        emit({ ...event, ok, detail })
      }
      const text = file.kind === 'text' ? file.text : renderRefusal(kind, node, file.reasons, file.url)
      return { text, node: node.name }
    },
  }
}

/** The boot file of a machine that no table knows, on a network that opts in to discovery. */
function strangerText(parts: BootFileParts, path: string, clientIp: string): string | undefined {
  const { cluster, answers, blobs, emit, now, findDiscoveryImage } = parts
  const found = discoveryBootFile(path, clientIp, cluster.current, answers, findDiscoveryImage, blobs.find)
  if (!found || found.file.kind === 'none') return undefined
  const { kind, file } = found
  if (file.kind === 'text') return file.text
  const detail = file.reasons.join('\n')
  emit({ atMs: now(), service: 'server', event: BOOT_FILE_EVENT, ip: clientIp, ok: false, detail })
  const name = path.includes(ARM_DISCOVERY_NAME) ? ARM_DISCOVERY_NAME : DISCOVERY_NAME
  return renderRefusal(kind, { name }, file.reasons, file.url)
}
