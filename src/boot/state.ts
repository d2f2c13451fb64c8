/** What nodeset last said about a node. */
import type { ClusterNode } from '../cluster/model.ts'

/** `image`: boot its image; `disk`: leave the network boot and go on with the next device; `none`: no boot file at all. */
export type BootState = 'image' | 'disk' | 'none'

/** The first word of chain.currstate; a node that nodeset never touched boots the image its provmethod names. */
export function bootStateOf(node: ClusterNode): BootState {
  const word = node.attribute('chain', 'currstate')?.trim().split(/\s+/)[0] ?? ''
  if (word === 'boot') return 'disk'
  if (word === 'offline') return 'none'
  return node.imageName === undefined ? 'disk' : 'image'
}

/** `statelite rhels9.4-ppc64le-compute`: the first line of every boot file, as xCAT's nodeset writes and reads it. */
export function stateLine(image: {
  readonly provmethod: string | undefined
  readonly osvers: string | undefined
  readonly osarch: string | undefined
  readonly profile: string | undefined
}): string {
  const { provmethod, osvers, osarch, profile } = image
  return `${provmethod ?? 'statelite'} ${osvers ?? ''}-${osarch ?? ''}-${profile ?? ''}`
}
