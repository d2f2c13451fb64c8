/** The boot file of a node in the dialect that was asked for, from the tables as they are now. */

import { renderIpxeUnknown } from '../boot/ipxe.ts'
import { type BootFileKind, bootFileFor } from '../boot/names.ts'
import type { NodeAnswers } from '../boot/node-answers.ts'
import { renderBootFile, renderNoImage, renderRefusal } from '../boot/render.ts'
import { bootStateOf } from '../boot/state.ts'
import type { Cluster, ClusterNode, Snapshot } from '../cluster/model.ts'
import { renderFinding } from '../statelite/finding.ts'
import { bracketed } from '../statelite/servers.ts'
import type { Blobs } from './blobs.ts'

export interface BootFiles {
  /** @param path as the client asked for it; undefined: not a boot file of a node */
  textFor(path: string, clientIp: string): { readonly text: string; readonly node: string | undefined } | undefined
}

export function openBootFiles(cluster: Cluster, answers: NodeAnswers, blobs: Blobs): BootFiles {
  function render(kind: BootFileKind, node: ClusterNode, snapshot: Snapshot): string | undefined {
    if (bootStateOf(node) !== 'image') return renderNoImage(kind, node)
    const context = answers.context(node, snapshot)
    if ('findings' in context) return renderRefusal(kind, node, context.findings.map(renderFinding), '')
    const { serverIp, httpPort } = context.value
    const base = `http://${bracketed(serverIp)}${httpPort === 80 ? '' : `:${httpPort}`}`
    const refuse = (reasons: readonly string[]) => renderRefusal(kind, node, reasons, `${base}/boot/ipxe/${node.name}`)
    const compiled = answers.plan(node, snapshot)
    if (compiled.plan === undefined)
      return refuse(compiled.findings.filter((f) => f.severity === 'error').map(renderFinding))
    const line = answers.kernelLine(node, snapshot)
    if ('findings' in line) return refuse(line.findings.map(renderFinding))
    const image = snapshot.images.get(compiled.plan.image.name as Parameters<typeof snapshot.images.get>[0])
    if (!image) return refuse([`image ${compiled.plan.image.name} is not defined`])
    const kernel = blobs.find(image, 'kernel')
    const initrd = blobs.find(image, 'initrd')
    if ('fault' in kernel) return refuse([kernel.fault])
    if ('fault' in initrd) return refuse([initrd.fault])
    const files = { kernelUrl: base + kernel.urlPath, initrdUrl: base + initrd.urlPath }
    return renderBootFile(kind, { node, image, line: line.value, files, serverIp, httpPort })
  }

  return {
    textFor(path, clientIp) {
      const snapshot = cluster.current
      const name = bootFileFor(path, snapshot, clientIp)
      if (!name) {
        // A machine that iPXE brought here must be told on its screen that nobody knows it.
        return /^\/?boot\/ipxe(\/|$)/.test(path) ? { text: renderIpxeUnknown(clientIp), node: undefined } : undefined
      }
      const text = render(name.kind, name.node, snapshot)
      return text === undefined ? undefined : { text, node: name.node.name }
    },
  }
}
