/** The boot file of a node in the dialect that was asked for, from the tables as they are now. */

import { renderIpxeUnknown } from '../boot/ipxe.ts'
import { bootFileFor } from '../boot/names.ts'
import type { NodeAnswers } from '../boot/node-answers.ts'
import { nodeBootFile } from '../boot/node-boot-file.ts'
import { renderRefusal } from '../boot/render.ts'
import type { Cluster } from '../cluster/model.ts'
import type { Blobs } from './blobs.ts'

export interface BootFiles {
  /** @param path as the client asked for it; undefined: not a boot file of a node */
  textFor(path: string, clientIp: string): { readonly text: string; readonly node: string | undefined } | undefined
}

export function openBootFiles(cluster: Cluster, answers: NodeAnswers, blobs: Blobs): BootFiles {
  return {
    textFor(path, clientIp) {
      const snapshot = cluster.current
      const name = bootFileFor(path, snapshot, clientIp)
      if (!name) {
        // A machine that iPXE brought here must be told on its screen that nobody knows it.
        return /^\/?boot\/ipxe(\/|$)/.test(path) ? { text: renderIpxeUnknown(clientIp), node: undefined } : undefined
      }
      const { kind, node } = name
      const file = nodeBootFile(kind, node, snapshot, answers, blobs.find)
      if (file.kind === 'none') return undefined
      const text = file.kind === 'text' ? file.text : renderRefusal(kind, node, file.reasons, file.url)
      return { text, node: node.name }
    },
  }
}
