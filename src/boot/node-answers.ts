/**
 * What each node is told, compiled from the snapshot when it is asked for and remembered until the next edit. One place,
 * so that HTTP, TFTP, NFS and the commands can never disagree.
 */
import type { ClusterNode, Snapshot } from '../cluster/model.ts'
import { compileStatelite, type NodeStatelite } from '../statelite/compile.ts'
import type { StateliteContext } from '../statelite/context.ts'
import { errorFinding, type Finding } from '../statelite/finding.ts'
import { kernelFactsOf } from '../statelite/kernel-facts.ts'
import {
  type OwnDirectory,
  ownDirectoriesOf,
  type PlanDirectory,
  planDirectoriesOf,
} from '../statelite/own-directories.ts'
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
}

/** A value, or why there is none. */
export type Answer<T> = { readonly value: T } | { readonly findings: readonly Finding[] }

export interface NodeAnswers {
  context(node: ClusterNode, snapshot: Snapshot): Answer<StateliteContext>
  statelite(node: ClusterNode, snapshot: Snapshot): Answer<NodeStatelite>
  plan(node: ClusterNode, snapshot: Snapshot): CompiledPlan
  kernelLine(node: ClusterNode, snapshot: Snapshot): Answer<KernelLine>
  /** Directories of ours that the node's plan names. */
  directories(node: ClusterNode, snapshot: Snapshot): readonly OwnDirectory[]
  /** All of them, with the server that has to export each. */
  planDirectories(node: ClusterNode, snapshot: Snapshot): readonly PlanDirectory[]
}

/** Remembers one function of (snapshot, node) for as long as the snapshot lives. */
function perNode<T>(
  compile: (node: ClusterNode, snapshot: Snapshot) => T,
): (node: ClusterNode, snapshot: Snapshot) => T {
  const known = new WeakMap<Snapshot, Map<string, { value: T }>>()
  return (node, snapshot) => {
    let nodes = known.get(snapshot)
    if (!nodes) {
      nodes = new Map()
      known.set(snapshot, nodes)
    }
    let entry = nodes.get(node.name)
    if (!entry) {
      entry = { value: compile(node, snapshot) }
      nodes.set(node.name, entry)
    }
    return entry.value
  }
}

export function openNodeAnswers(own: OwnPlace): NodeAnswers {
  function context(node: ClusterNode, snapshot: Snapshot): Answer<StateliteContext> {
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
        substitute: substituteVariables,
      },
    }
  }

  const statelite = perNode((node, snapshot): Answer<NodeStatelite> => {
    const found = context(node, snapshot)
    if ('findings' in found) return found
    const compiled = compileStatelite(node, snapshot, found.value)
    return compiled.image === undefined ? compiled : { value: compiled }
  })

  return {
    context,
    statelite,
    plan: perNode((node, snapshot) => {
      const found = context(node, snapshot)
      return 'findings' in found ? found : compilePlan(node, snapshot, found.value)
    }),
    kernelLine: perNode((node, snapshot): Answer<KernelLine> => {
      const found = context(node, snapshot)
      if ('findings' in found) return found
      const compiled = statelite(node, snapshot)
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
    directories: perNode((node, snapshot) => {
      const found = context(node, snapshot)
      return 'findings' in found ? [] : ownDirectoriesOf(node, snapshot, found.value)
    }),
  }
}
