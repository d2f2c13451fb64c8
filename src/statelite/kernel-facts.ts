/** What the kernel command line says about statelite: the boot room is handed this and never sees the tables behind it. */
import type { NodeStatelite } from './compile.ts'
import type { StateliteContext } from './context.ts'
import { planUrl } from './plan.ts'
import { bracketed } from './servers.ts'

export type KernelRoot =
  | { readonly server: string; readonly directory: string; readonly nfsrootopts: string }
  /** Of a packed root. */
  | { readonly url: string }

export interface KernelFacts {
  readonly root: KernelRoot
  /** `address:path` without the node's name, or empty. An address literal: an initrd has no name service. */
  readonly statemnt: string
  readonly mntopts: string
  readonly planUrl: string
  readonly httpPort: number
}

/** undefined when the root could not be worked out. */
export function kernelFactsOf(statelite: NodeStatelite, context: StateliteContext): KernelFacts | undefined {
  const { node, image, root, persistent } = statelite
  if (root === undefined) return undefined
  const generation = context.generationOf?.(image.rootimgdir)
  const boot = generation === undefined ? undefined : { image: image.name, number: generation.number }
  const area = persistent?.directory.slice(0, -(node.name.length + 1)) ?? ''
  return {
    root:
      root.type === 'ramdisk'
        ? { url: root.url }
        : { server: root.server, directory: root.directory, nfsrootopts: root.nfsrootopts },
    statemnt: persistent === undefined ? '' : `${bracketed(persistent.server)}:${area}`,
    mntopts: persistent?.mntopts ?? '',
    planUrl: planUrl(node.name, context, boot),
    httpPort: context.httpPort,
  }
}
