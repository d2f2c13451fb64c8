/**
 * The image room: prepares image trees for statelite nodes (`liteimg/`) and assembles their initrd (`initrd/`).
 *
 * It works on directories and files it is given. It must not know tables, the database, sockets or node names: entries,
 * paths and the revision are passed in, and a report comes back.
 */

export type ImageErrorCode =
  | 'image-root'
  | 'image-busy'
  | 'image-generation'
  | 'image-interrupted'
  | 'image-locked'
  | 'image-medium'
  | 'image-pack'
  | 'image-lists'
  | 'image-bundle'
  | 'image-sources'
  | 'image-build'
  | 'image-entries'
  | 'image-path'
  | 'image-tool'
  | 'image-initrd'
  | 'image-kernel'
  | 'image-modules'
  | 'image-busybox'
  | 'image-scripts'
  | 'image-arch'

/** An operator's mistake or a state of the image that liteboot will not touch; `problems` has one line for each. */
export class ImageError extends Error {
  readonly code: ImageErrorCode
  readonly problems: readonly string[]

  constructor(code: ImageErrorCode, problems: string | readonly string[]) {
    const lines = typeof problems === 'string' ? [problems] : problems
    super(lines.join('\n'))
    this.name = 'ImageError'
    this.code = code
    this.problems = lines
  }
}

export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
