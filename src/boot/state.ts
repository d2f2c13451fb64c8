/** What nodeset last said about a node. */
import type { ClusterNode, Image } from '../cluster/model.ts'
import { isLearning, LEARN_WORD } from '../statelite/learn.ts'

/**
 * `image`: boot its image; `disk`: leave the network boot and go on with the next device; `none`: no boot file at all;
 * `shell`, `shutdown`: start kernel and initrd of its image, and there open a shell on the console, or switch off.
 */
export type BootState = 'image' | 'disk' | 'none' | 'shell' | 'shutdown'

/** Words of chain.currstate, as nodeset takes, prints and stores them. Anything else is about an image. */
export const STATE_WORDS = {
  boot: 'disk',
  offline: 'none',
  shell: 'shell',
  shutdown: 'shutdown',
} as const satisfies Readonly<Record<string, BootState>>

export type StateWord = keyof typeof STATE_WORDS

export function isStateWord(word: string): word is StateWord {
  return Object.hasOwn(STATE_WORDS, word)
}

/** The first word of chain.currstate; a node that nodeset never touched boots the image its provmethod names. */
export function bootStateOf(node: ClusterNode): BootState {
  const word = node.attribute('chain', 'currstate')?.trim().split(/\s+/)[0] ?? ''
  if (isStateWord(word)) return STATE_WORDS[word]
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

/** What `nodeset stat` prints. @param image the node's; undefined: it has none, or names one that is not defined */
export function renderState(node: ClusterNode, image: Image | undefined): string | undefined {
  const state = bootStateOf(node)
  if (state === 'image' && isLearning(node)) return LEARN_WORD
  if (state === 'image') return image && stateLine(image)
  return Object.entries(STATE_WORDS).find(([, meaning]) => meaning === state)?.[0]
}
