/** Packed roots (rootfstype=ramdisk) as plans name them. Who reads the disk hands the facts in. */
import { isStateless } from '../cluster/images.ts'
import type { Image } from '../cluster/model.ts'
import type { StateliteContext } from './context.ts'
import { errorFinding, type Finding } from './finding.ts'
import { bracketed } from './servers.ts'

export const PACKED_FORMATS = ['cpio.gz', 'cpio.xz', 'cpio.zst', 'squashfs'] as const
export type PackedFormat = (typeof PACKED_FORMATS)[number]

/** The packed root of one generation of an image. */
export interface PackedRoot {
  readonly format: PackedFormat
  readonly sizeBytes: number
  /** 64 hex digits. */
  readonly sha256: string
  /** Memory that a node needs for it once it is unpacked. */
  readonly unpackedBytes: number
}

export interface RamdiskRoot extends PackedRoot {
  readonly type: 'ramdisk'
  readonly url: string
}

/** `/image/<image>/<first 16 digits of the digest>/rootimg`: never another root under the same name. */
export function packedRootPath(image: string, { sha256 }: Pick<PackedRoot, 'sha256'>): string {
  return `/image/${image}/${sha256.slice(0, 16)}/rootimg`
}

export function isPackedFormat(text: string): text is PackedFormat {
  return PACKED_FORMATS.some((format) => format === text)
}

export function compileRamdiskRoot(
  image: Image,
  context: StateliteContext,
): { readonly root?: RamdiskRoot; readonly findings: readonly Finding[] } {
  const found = context.packedRoot?.(image.rootimgdir) ?? { fault: 'it is not known here' }
  if ('fault' in found) {
    const [why, tool] = isStateless(image) ? ['provmethod=netboot', 'packimage'] : ['rootfstype=ramdisk', 'liteimg']
    const message = `${why}, and the image has no packed root: ${found.fault}`
    return { findings: [errorFinding(`osimage row imagename=${image.name}`, message, `${tool} ${image.name}`)] }
  }
  const port = context.httpPort === 80 ? '' : `:${context.httpPort}`
  const url = `http://${bracketed(context.serverIp)}${port}${packedRootPath(image.name, found)}`
  const { format, sizeBytes, sha256, unpackedBytes } = found
  return { root: { type: 'ramdisk', url, format, sizeBytes, sha256, unpackedBytes }, findings: [] }
}
