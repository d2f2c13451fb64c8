/** nodeset stat: what the tables let each node do at its next boot, in nodeset's own words. */
import { renderState } from '../../../boot/state.ts'
import type { Method } from '../context.ts'
import { perNode } from '../per-node.ts'

export const stat: Method<'nodeset.stat'> = (context, { noderange }) =>
  perNode(context, noderange, (node, { snapshot }) => {
    const image = node.imageName === undefined ? undefined : snapshot.images.get(node.imageName)
    const state = renderState(node, image)
    if (state !== undefined)
      return { output: [`${node.name}: ${state}`], errors: [], data: { node: node.name, state, image: image?.name } }
    const error = `Cannot find the OS image ${node.imageName} in the osimage table.`
    return { output: [], errors: [`${node.name}: Error: ${error}`], data: { node: node.name, state: null, error } }
  })
