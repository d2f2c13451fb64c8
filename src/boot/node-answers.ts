/**
 * What each node is told, computed from the snapshot when it is asked for and remembered until the next edit: its plan,
 * its boot files, its exports. One place, so that HTTP, TFTP, NFS and the commands can never disagree.
 */
import type { ClusterNode, Snapshot } from '../cluster/model.ts'
import { serverAddressFor } from '../boot/server-address.ts'
import type { StateliteContext } from '../statelite/context.ts'
import { type CompiledPlan, compilePlan } from '../statelite/plan.ts'
import { substituteVariables } from '../tables/variables.ts'

export interface OwnPlaces {
  readonly addresses: readonly string[]
  readonly httpPort: number | undefined
  readonly nfs: { readonly port: number; readonly mountPort: number }
}

export interface NodeAnswers {
  context(node: ClusterNode, snapshot: Snapshot): StateliteContext
  plan(node: ClusterNode, snapshot: Snapshot): CompiledPlan
}

export function openNodeAnswers(own: OwnPlaces): NodeAnswers {
  const plans = new WeakMap<Snapshot, Map<string, CompiledPlan>>()

  function context(node: ClusterNode, snapshot: Snapshot): StateliteContext {
    return {
      serverIp: serverAddressFor(node, snapshot, own.addresses),
      httpPort: own.httpPort ?? snapshot.site.httpport,
      ownAddresses: own.addresses,
      nfs: own.nfs,
      substitute: substituteVariables,
    }
  }

  return {
    context,
    plan(node, snapshot) {
      let known = plans.get(snapshot)
      if (!known) {
        known = new Map()
        plans.set(snapshot, known)
      }
      let plan = known.get(node.name)
      if (!plan) {
        plan = compilePlan(node, snapshot, context(node, snapshot))
        known.set(node.name, plan)
      }
      return plan
    },
  }
}
