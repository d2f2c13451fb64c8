/** How xCAT reads its tables, where that is not how liteboot does: what nodes have seen so far. */
import { cell, type Row } from '../row.ts'

/** Any other word disables the row, `n` and `false` among them. */
export function isXcatEnabled(row: Row): boolean {
  return /^(?:0|no)?$/i.test(cell(row, 'disable'))
}

export interface XcatImage {
  readonly name: string
  /** osimage.groups: compared as a whole, commas and all. */
  readonly groups: string
}

/**
 * litefile of an image: file → options, as liteimg and the nodes read them. Later passes replace earlier ones: the groups,
 * ALL, the image. A blank image is never found.
 */
export function xcatLitefile(rows: readonly Row[], image: XcatImage): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const wanted of [image.groups, 'ALL', image.name]) {
    if (wanted === '') continue
    for (const row of rows) {
      if (!isXcatEnabled(row) || cell(row, 'image') !== wanted) continue
      found.set(cell(row, 'file'), cell(row, 'options') || 'tmpfs,rw')
    }
  }
  return found
}

/** Words that stand for "the image is named by os, arch and profile". */
export const LEGACY_PROVMETHODS: ReadonlySet<string> = new Set(['install', 'netboot', 'statelite'])
