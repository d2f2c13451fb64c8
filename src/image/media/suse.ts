/** SUSE: `.treeinfo` of Leap, `content` of SLES 10 to 12, `media.1/media` of SLE 15. */
import { type Medium, type MediumFiles, mediumArch, parseTreeinfo } from './medium.ts'

export function recognizeSuse(files: MediumFiles): Medium | undefined {
  return recognizeLeap(files) ?? recognizeSles(files) ?? recognizeSle15(files)
}

function medium(osvers: string, arch: string | undefined, slot: string, discNumber: string): Medium {
  return { family: 'suse', osvers, arch: mediumArch(arch), discNumber, slot, remarks: [] }
}

function recognizeLeap(files: MediumFiles): Medium | undefined {
  const treeinfo = parseTreeinfo(files.read('.treeinfo') ?? '')
  const release = treeinfo.get('release')
  const general = treeinfo.get('general')
  const product = release?.get('name') ?? general?.get('name') ?? general?.get('family') ?? ''
  const version = release?.get('version') ?? general?.get('version') ?? ''
  if (!product.includes('openSUSE Leap') || !/^15(\.\d+)?$/.test(version)) return undefined
  return medium(`leap${version}`, general?.get('arch'), '1', '1')
}

/** Keys of the `content` file stand before the first blank of a line. */
function contentValue(content: string, key: string): string | undefined {
  return new RegExp(`^${key}\\s+(.+)$`, 'm').exec(content)?.[1]?.trim()
}

function recognizeSles(files: MediumFiles): Medium | undefined {
  const content = files.read('content')
  if (content === undefined) return undefined
  const disc = files.names('').flatMap((name) => /^media\.(\d+)$/.exec(name)?.[1] ?? [])[0] ?? '1'
  const products = files.read(`media.${disc}/products`)?.split('\n')[0] ?? ''
  const isSdk = /sdk/i.test(products)
  if (!isSdk && !/SUSE[_ -]Linux[_ -]Enterprise[_ -]Server|SLES/i.test(products)) return undefined
  const version = versionOfContent(content)
  if (version === undefined) return undefined
  const arch =
    contentValue(content, 'DEFAULTBASE') ??
    contentValue(content, 'BASEARCHS')?.split(/\s+/)[0] ??
    contentValue(content, 'REPOID')?.split('/').at(-1)
  return medium(`sles${version}`, arch, isSdk ? `sdk${disc}` : disc, disc)
}

/** `VERSION 11.4`, or `sles:12:sp3` in DISTRO or LABEL. */
function versionOfContent(content: string): string | undefined {
  const version = /^(\d+(?:\.\d+)?)/.exec(contentValue(content, 'VERSION') ?? '')?.[1]
  if (version !== undefined) return version
  const label = contentValue(content, 'DISTRO') ?? contentValue(content, 'LABEL') ?? ''
  const [, major, servicePack] = /sle[sd]?:(\d+)(?::sp(\d+))?/i.exec(label) ?? []
  return major === undefined ? undefined : servicePack === undefined ? major : `${major}.${servicePack}`
}

function recognizeSle15(files: MediumFiles): Medium | undefined {
  const line = files.read('media.1/media')?.split('\n')[0] ?? ''
  const release = /SLE-15(?:-SP(\d+))?/.exec(line)
  if (!release) return undefined
  const servicePack = release[1]
  const arch = /x86_64|ppc64le|aarch64|s390x/.exec(line)?.[0]
  const osvers = servicePack === undefined ? 'sle15' : `sle15.${servicePack}`
  const kind = /Installer|Packages|Full/.exec(line)?.[0]
  if (kind === undefined) return undefined
  // Sources and further media must never take the place of the installation media.
  const other = /SOURCE|Media([2-9]|\d\d)/.exec(line)
  const number = other?.[1] ?? '1'
  if (other) return medium(osvers, arch, `${kind === 'Packages' ? 'packages' : 'installer'}${number}`, number)
  const found = medium(osvers, arch, kind === 'Packages' ? '2' : '1', '1')
  return kind === 'Full' ? { ...found, otherSlot: '2' } : found
}
