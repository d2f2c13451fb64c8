/**
 * What each node is told, compiled from the snapshot when it is asked for and remembered until the next edit. One place,
 * so that HTTP, TFTP, NFS and the commands can never disagree.
 */
import type { ClusterNode, Image, Snapshot } from '../cluster/model.ts'
import { compileStatelite, type NodeStatelite } from '../statelite/compile.ts'
import type { StateliteContext } from '../statelite/context.ts'
import { errorFinding, type Finding } from '../statelite/finding.ts'
import type { PlanGeneration } from '../statelite/generations.ts'
import { kernelFactsOf } from '../statelite/kernel-facts.ts'
import { parsePartitionFileCell } from '../statelite/local-disk.ts'
import {
  type OwnDirectory,
  ownDirectoriesOf,
  type PlanDirectory,
  planDirectoriesOf,
} from '../statelite/own-directories.ts'
import type { PackedRoot } from '../statelite/packed-root.ts'
import { type CompiledPlan, compilePlan } from '../statelite/plan.ts'
import { resolveServer } from '../statelite/servers.ts'
import { substituteVariables } from '../tables/variables.ts'
import { compileKernelLine, type KernelLine } from './cmdline.ts'
import { decideServerAddress } from './server-address.ts'

/** The server itself, as far as answers depend on it. */
export interface OwnPlace {
  readonly addresses: readonly string[]
  /** Where HTTP really listens, when that is not site.httpport. */
  readonly httpPort: number | undefined
  readonly nfs: { readonly port: number; readonly mountPort: number } | undefined
  /** The server's own names, from memory. */
  resolve?(name: string): string | undefined
  /** The text of linuximage.partitionfile. Asked at every answer: an edit of the file counts at once. */
  partitionFile?(path: string): { readonly text: string; readonly stamp: string } | { readonly fault: string }
  /** What liteimg or packimage packed: asked at every answer. `number` left out: of the current generation. */
  packedRoot?(image: Image, number?: number): PackedRoot | { readonly fault: string }
  /** Generations on disk: `number` left out: the current one. Asked at every answer, so that a promote is live at once. */
  generationOf?(rootimgdir: string, number?: number): PlanGeneration | undefined
}

/** A value, or why there is none. */
export type Answer<T> = { readonly value: T } | { readonly findings: readonly Finding[] }

/** @param number of the generation; left out: the current one */
export interface NodeAnswers {
  context(node: ClusterNode, snapshot: Snapshot): Answer<StateliteContext>
  /** Address of who hands out boot files, kernel and initrd (noderes.tftpserver, …); undefined: the rows name nobody known. */
  bootServer(node: ClusterNode, snapshot: Snapshot): string | undefined
  statelite(node: ClusterNode, snapshot: Snapshot, number?: number): Answer<NodeStatelite>
  plan(node: ClusterNode, snapshot: Snapshot, number?: number): CompiledPlan
  kernelLine(node: ClusterNode, snapshot: Snapshot, number?: number): Answer<KernelLine>
  /** The current generation of the node's image, or the one of this number. */
  generation(node: ClusterNode, snapshot: Snapshot, number?: number): PlanGeneration | undefined
  /** Directories of ours that the node's plan names. */
  directories(node: ClusterNode, snapshot: Snapshot): readonly OwnDirectory[]
  /** All of them, with the server that has to export each. */
  planDirectories(node: ClusterNode, snapshot: Snapshot): readonly PlanDirectory[]
}

/** A node's answer for one state of its image's generations. */
interface Remembered<T> {
  readonly key: string
  readonly value: T
}

/** Remembers one function of (snapshot, node, generation) for as long as the snapshot lives, the newest per node. */
function perNode<T>(
  keyOf: (node: ClusterNode, snapshot: Snapshot, number: number | undefined) => string,
  compile: (node: ClusterNode, snapshot: Snapshot, number: number | undefined) => T,
): (node: ClusterNode, snapshot: Snapshot, number?: number) => T {
  const known = new WeakMap<Snapshot, Map<string, Remembered<T>>>()
  return (node, snapshot, number) => {
    let nodes = known.get(snapshot)
    if (!nodes) {
      nodes = new Map()
      known.set(snapshot, nodes)
    }
    const key = keyOf(node, snapshot, number)
    let entry = nodes.get(node.name)
    if (entry?.key !== key) {
      entry = { key, value: compile(node, snapshot, number) }
      nodes.set(node.name, entry)
    }
    return entry.value
  }
}

export function openNodeAnswers(own: OwnPlace): NodeAnswers {
  function contextFor(node: ClusterNode, snapshot: Snapshot, number: number | undefined): Answer<StateliteContext> {
    const image = node.imageName === undefined ? undefined : snapshot.images.get(node.imageName)
    const resolve = (name: string) => resolveServer(name, snapshot, own.resolve)
    const address = decideServerAddress('master', node, snapshot, own.addresses, resolve)
    if ('finding' in address) return { findings: [address.finding] }
    return {
      value: {
        serverIp: address.ip,
        httpPort: own.httpPort ?? snapshot.site.httpport,
        ownAddresses: own.addresses,
        ...(own.nfs ? { nfs: own.nfs } : {}),
        ...(own.resolve ? { resolve: own.resolve } : {}),
        // The number is one of the node's image; a root elsewhere (noderes.nfsdir) has its own.
        generationOf: (directory) =>
          own.generationOf?.(directory, directory === image?.rootimgdir ? number : undefined),
        ...(own.partitionFile ? { partitionFile: own.partitionFile } : {}),
        ...packedRootFor(image, number),
        substitute: substituteVariables,
      },
    }
  }

  function bootServer(node: ClusterNode, snapshot: Snapshot): string | undefined {
    const resolve = (name: string) => resolveServer(name, snapshot, own.resolve)
    const address = decideServerAddress('boot', node, snapshot, own.addresses, resolve)
    return 'finding' in address ? undefined : address.ip
  }

  function generation(node: ClusterNode, snapshot: Snapshot, number?: number): PlanGeneration | undefined {
    const image = node.imageName === undefined ? undefined : snapshot.images.get(node.imageName)
    return image && own.generationOf?.(image.rootimgdir, number)
  }

  function packedRootFor(image: Image | undefined, number: number | undefined): Pick<StateliteContext, 'packedRoot'> {
    const find = own.packedRoot
    return find && image ? { packedRoot: () => find(image, number) } : {}
  }

  /** All that answers take from the disk. */
  const keyOf = (node: ClusterNode, snapshot: Snapshot, number: number | undefined): string => {
    const image = node.imageName === undefined ? undefined : snapshot.images.get(node.imageName)
    const packed = image?.rootfstype === 'ramdisk' ? own.packedRoot?.(image, number) : undefined
    const root = packed === undefined ? '' : 'fault' in packed ? packed.fault : `${packed.sha256} ${packed.format}`
    const found = generation(node, snapshot, number)
    if (found === undefined) return root
    return `${root} ${found.number} ${found.rootimg} ${found.revision} ${[...found.later].join()}`
  }

  /** For answers that say what is done with the local disk. */
  const keyWithFile = (node: ClusterNode, snapshot: Snapshot, number: number | undefined): string => {
    const image = node.imageName === undefined ? undefined : snapshot.images.get(node.imageName)
    const path = image && parsePartitionFileCell(image)?.path
    const read = path === undefined ? undefined : own.partitionFile?.(path)
    const file = read === undefined ? '' : 'stamp' in read ? read.stamp : read.fault
    return `${file} ${keyOf(node, snapshot, number)}`
  }

  const statelite = perNode(keyWithFile, (node, snapshot, number): Answer<NodeStatelite> => {
    const found = contextFor(node, snapshot, number)
    if ('findings' in found) return found
    const compiled = compileStatelite(node, snapshot, found.value)
    return compiled.image === undefined ? compiled : { value: compiled }
  })

  const context = (node: ClusterNode, snapshot: Snapshot) => contextFor(node, snapshot, undefined)

  return {
    context,
    bootServer,
    statelite,
    generation,
    plan: perNode(keyWithFile, (node, snapshot, number) => {
      const found = contextFor(node, snapshot, number)
      return 'findings' in found ? found : compilePlan(node, snapshot, found.value)
    }),
    kernelLine: perNode(keyOf, (node, snapshot, number): Answer<KernelLine> => {
      const found = contextFor(node, snapshot, number)
      if ('findings' in found) return found
      const compiled = statelite(node, snapshot, number)
      if ('findings' in compiled) return compiled
      const facts = kernelFactsOf(compiled.value, found.value)
      if (!facts) {
        const fault = errorFinding(
          `${node.name}: kernel command line`,
          'the root is not known',
          `see: liteboot plan ${node.name}`,
        )
        return { findings: [...compiled.value.findings, fault] }
      }
      const line = compileKernelLine(node, compiled.value.image, snapshot, facts)
      return 'findings' in line ? line : { value: line }
    }),
    planDirectories: (node, snapshot) => {
      const found = context(node, snapshot)
      return 'findings' in found ? [] : planDirectoriesOf(node, snapshot, found.value)
    },
    directories: perNode(keyOf, (node, snapshot) => {
      const found = context(node, snapshot)
      return 'findings' in found ? [] : ownDirectoriesOf(node, snapshot, found.value)
    }),
  }
}
