/** Debian and Ubuntu: the one line of `.disk/info`, matched by its shape, because code names have any number of words. */
import { type Medium, type MediumFiles, mediumArch } from './medium.ts'

const INFO =
  /^(?<product>Ubuntu(?:-Server)?|Debian)\b[^\d"]*(?<version>\d+(?:\.\d+)*)[^"]*"[^"]*"\s*-\s*(?<release>(?:\w+ )*?)(?<arch>amd64|arm64|ppc64el|i386|s390x|x86_64|ppc64le|aarch64)\b(?<rest>.*)$/

export function recognizeDebian(files: MediumFiles): Medium | undefined {
  const groups = INFO.exec(files.read('.disk/info')?.split('\n')[0]?.trim() ?? '')?.groups
  if (groups === undefined) return undefined
  const { product = '', version = '', arch, rest = '' } = groups
  const disc = /(?:Binary-|Disc |CD-|DVD-|NETINST )(\d+)/i.exec(rest)?.[1]
  const isLive = files.names('casper').some((name) => name.endsWith('.squashfs'))
  return {
    family: 'debian',
    osvers: `${product === 'Debian' ? 'debian' : 'ubuntu'}${version}`,
    arch: mediumArch(arch),
    discNumber: disc,
    slot: undefined,
    remarks: isLive ? ['A live medium is no whole package archive: genimage needs a mirror, too.'] : [],
  }
}
