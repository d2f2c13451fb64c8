/** Learning mode: which nodes learn, what they are told, and the list of written paths that they send. */
import type { ClusterNode } from '../cluster/model.ts'
import { limits } from './limits.ts'

/** The word of nodeset, and of chain.currstate. */
export const LEARN_WORD = 'learn'

/** As a tmpfs takes it. Writes beyond it fail on the node, and nowhere else. */
export const LEARN_LAYER_SIZE = '50%'

export function isLearning(node: ClusterNode): boolean {
  return node.attribute('chain', 'currstate')?.trim().split(/\s+/)[0] === LEARN_WORD
}

/**
 * `f` file, `l` symbolic link, `d` directory, `s` socket, `p` pipe, `c` `b` devices; `w`: what the image has there was
 * removed.
 */
export const LEARNED_KINDS = ['f', 'l', 'd', 's', 'p', 'c', 'b', 'w'] as const
export type LearnedKind = (typeof LEARNED_KINDS)[number]

/** What the image has at the path: nothing, the same object, or a directory (`replaced`) whose content was thrown away. */
export const LEARNED_ORIGINS = ['new', 'old', 'replaced'] as const
export type LearnedOrigin = (typeof LEARNED_ORIGINS)[number]

export interface LearnedPath {
  readonly kind: LearnedKind
  readonly origin: LearnedOrigin
  readonly sizeBytes: number
  /** Seconds since the epoch, by the node's clock. */
  readonly mtime: number
  /** Absolute; a directory ends in a slash. */
  readonly path: string
}

/** What one boot of a node has written so far. */
export interface LearnedBoot {
  readonly bootId: string
  readonly uptimeSeconds: number
  readonly image: string
  readonly paths: readonly LearnedPath[]
  /** Directories with more paths than were listed. */
  readonly more: readonly { readonly directory: string; readonly count: number }[]
}

/** The list as the node sends it (docs/guide/learning.md). Never throws. */
export function parseLearned(body: Buffer): LearnedBoot | { readonly fault: string } {
  const lines = body.toString('latin1').split('\n')
  if (lines.pop() !== '') return { fault: 'the last line has no newline' }
  const [mark, version, bootId = '', uptime = '', image = ''] = lines[0]?.split('\t') ?? []
  if (mark !== 'liteboot-learned' || version !== '1') return { fault: 'not a list of written paths (version 1)' }
  if (!/^[0-9a-zA-Z-]{1,64}$/.test(bootId)) return { fault: 'the boot id is not plain' }
  if (!/^\d{1,9}(\.\d{1,6})?$/.test(uptime)) return { fault: 'the uptime is not seconds' }
  if (!/^[A-Za-z0-9._-]{1,255}$/.test(image)) return { fault: 'the image name is not plain' }
  if (lines.at(-1) !== `end\t${lines.length - 1}`) return { fault: 'no end line with the right count' }
  if (lines.length > limits.learnedLines) return { fault: `more than ${limits.learnedLines} lines` }
  const paths: LearnedPath[] = []
  const more: { directory: string; count: number }[] = []
  for (const [index, line] of lines.slice(1, -1).entries()) {
    const fields = line.split('\t')
    const found = fields[0] === 'more' ? parseMore(fields) : parsePath(fields)
    if (found === undefined) return { fault: `line ${index + 2} is malformed` }
    if ('count' in found) more.push(found)
    else paths.push(found)
  }
  return { bootId, uptimeSeconds: Number(uptime), image, paths, more }
}

function parseMore([, count = '', directory = '', ...rest]: readonly string[]) {
  if (rest.length > 0 || !/^\d{1,12}$/.test(count) || !isLearnedPath(directory) || !directory.endsWith('/'))
    return undefined
  const text = decodePath(directory)
  return { directory: text, count: Number(count) }
}

function parsePath([kindText, originText, size = '', mtime = '', written = '', ...rest]: readonly string[]) {
  const kind = LEARNED_KINDS.find((known) => known === kindText)
  const origin = LEARNED_ORIGINS.find((known) => known === originText)
  if (kind === undefined || origin === undefined || rest.length > 0) return undefined
  // Times before 1970 and beyond any calendar happen.
  if (!/^\d{1,20}$/.test(size) || !/^-?\d{1,20}$/.test(mtime)) return undefined
  if (!isLearnedPath(written) || written === '/' || (kind === 'd') !== written.endsWith('/')) return undefined
  const path = decodePath(written)
  const facts = { sizeBytes: Number(size), mtime: Number(mtime) }
  // Of a name that is no UTF-8 only the directory can be spoken of: something was written there.
  return path.length < written.length && path !== Buffer.from(written, 'latin1').toString('utf8')
    ? { ...facts, kind: 'd' as const, origin: 'old' as const, path }
    : { ...facts, kind, origin, path }
}

function isLearnedPath(path: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return path.startsWith('/') && !/\/\/|\/\.{1,2}(\/|$)|[\u0000-\u001f\u007f]/.test(path) && path.length <= 8192
}

const UTF8 = new TextDecoder('utf-8', { fatal: true })

/** Bytes as latin1 → UTF-8; cut back to the nearest directory that is. */
function decodePath(latin1: string): string {
  let rest = latin1
  for (;;) {
    try {
      return UTF8.decode(Buffer.from(rest, 'latin1'))
    } catch {
      rest = rest.slice(0, rest.replace(/\/$/, '').lastIndexOf('/') + 1)
    }
  }
}

/** The newest boots of one image, oldest first; the list of a boot replaces its earlier one. */
export function addBoot<B extends Pick<LearnedBoot, 'bootId' | 'image'>>(known: readonly B[], boot: B): B[] {
  const others = known.filter(({ bootId, image }) => bootId !== boot.bootId && image === boot.image)
  return [...others, boot].slice(-limits.learnedBoots)
}
