/** copycds -i: what a medium is, in the four lines that scripts read. */
import type { Medium } from '../../../image/media/medium.ts'

export function inspectionLines(path: string, medium: Medium | undefined): string[] {
  return [
    `OS Image:${path}`,
    `DISTNAME:${medium?.osvers ?? ''}`,
    `ARCH:${medium?.arch ?? ''}`,
    `DISCNO:${medium === undefined ? '' : discNumber(medium)}`,
  ]
}

/** Media of Red Hat and its clones that do not count their discs have their version there. */
function discNumber({ family, discNumber, osvers }: Medium): string {
  return discNumber ?? (family === 'rhel' ? (/\d+(?:\.\d+)*/.exec(osvers)?.[0] ?? '') : '')
}
