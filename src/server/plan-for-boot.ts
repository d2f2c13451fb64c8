/**
 * Which generation a node's plan is of. The kernel a node boots and the root it mounts must belong together, whatever is
 * promoted or removed in between: the kernel line says whose kernel it is (`?boot=<image>@<n>`).
 */
import type { NodeAnswers } from '../boot/node-answers.ts'
import type { FindImageFile } from '../boot/node-boot-file.ts'
import type { ClusterNode, Image, Snapshot } from '../cluster/model.ts'
import { parseBootName, renderBootName } from '../statelite/generations.ts'
import type { CompiledPlan } from '../statelite/plan.ts'

export interface BootQuestion {
  /** `image@3` from the kernel line; undefined: an image without generations, or no kernel of ours. */
  readonly boot: string | undefined
  /** The plan was fetched before and could not be carried out: something may have been repaired since. */
  readonly isRetry: boolean
}

/** `goneFor`: no plan fits this boot any more; the node has to boot again. */
export type PlanForBoot =
  | {
      readonly compiled: CompiledPlan
      /** `image@3`; undefined: an image without generations. */
      readonly boot: string | undefined
    }
  | { readonly goneFor: string }

export function planForBoot(
  node: ClusterNode,
  snapshot: Snapshot,
  answers: NodeAnswers,
  findFile: FindFile,
  { boot, isRetry }: BootQuestion,
): PlanForBoot {
  const planOf = (number?: number): PlanForBoot => {
    const generation = answers.generation(node, snapshot, number)
    const name = generation && node.imageName && renderBootName(node.imageName, generation.number)
    return { compiled: answers.plan(node, snapshot, generation?.number), boot: name }
  }
  const wanted = boot === undefined ? undefined : parseBootName(boot)
  const image = node.imageName === undefined ? undefined : snapshot.images.get(node.imageName)
  if (wanted === undefined || image === undefined) return planOf()
  if (wanted.image !== image.name)
    return { goneFor: `this boot began with image ${wanted.image}, ${node.name} is for ${image.name} now` }
  const current = answers.generation(node, snapshot)
  if (current?.number === wanted.number) return planOf()
  // A boot that goes well stays with what it began with; one that did not takes what is current, if it can.
  if (!isRetry && answers.generation(node, snapshot, wanted.number) !== undefined) return planOf(wanted.number)
  if (sameKernel(image, wanted.number, current?.number, findFile)) return planOf()
  const now = current === undefined ? 'has no generations now' : `is at generation ${current.number} now`
  return {
    goneFor: `this boot began with generation ${wanted.number} of ${image.name}, which ${now}, with another kernel`,
  }
}

type FindFile = (image: Image, kind: 'kernel', generation: number | undefined) => ReturnType<FindImageFile>

function sameKernel(image: Image, one: number, other: number | undefined, findFile: FindFile): boolean {
  const [before, now] = [one, other].map((generation) => findFile(image, 'kernel', generation))
  if (before === undefined || now === undefined || 'fault' in before || 'fault' in now) return false
  // The name holds the digest.
  return before.urlPath === now.urlPath
}
