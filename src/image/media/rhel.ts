/** Red Hat and everything made from it: `.treeinfo` where it tells, else the four lines of `.discinfo`. */
import { type Medium, type MediumFiles, mediumArch, parseTreeinfo } from './medium.ts'

interface Named {
  readonly osvers: string
}

export function recognizeRhel(files: MediumFiles): Medium | undefined {
  const treeinfo = parseTreeinfo(files.read('.treeinfo') ?? '')
  const [, description = '', discArch, discNumber] = (files.read('.discinfo') ?? '')
    .split('\n')
    .map((line) => line.trim())
  const general = treeinfo.get('general')
  const variant = general?.get('variant')
  const named = nameOfRelease(treeinfo.get('release'), general, variant) ?? nameOfDescription(description, general)
  if (named === undefined) return undefined
  return {
    family: 'rhel',
    osvers: named.osvers,
    arch: mediumArch(general?.get('arch') ?? discArch),
    discNumber: discNumber === undefined || discNumber === '' || discNumber === 'ALL' ? undefined : discNumber,
    slot: undefined,
    remarks: [],
  }
}

/** Product names as media write them, and what the version is put behind. The longer names come first. */
const PRODUCTS: readonly (readonly [product: RegExp, prefix: string])[] = [
  [/^red hat enterprise linux\b/i, 'rhels'],
  [/^centos stream\b/i, 'centos-stream'],
  [/^centos\b/i, 'centos'],
  [/^rocky\b/i, 'rocky'],
  [/^alma ?linux\b/i, 'alma'],
  [/^oracle linux\b/i, 'ol'],
  [/^fedora\b/i, 'fedora'],
  [/^scientific linux\b/i, 'SL'],
]

/** Productmd: section `release` of media since 2015, `general` before. */
function nameOfRelease(
  release: ReadonlyMap<string, string> | undefined,
  general: ReadonlyMap<string, string> | undefined,
  variant: string | undefined,
): Named | undefined {
  const product = release?.get('name') ?? general?.get('family')
  const version = (release?.get('version') ?? general?.get('version'))?.toLowerCase()
  if (product === undefined || version === undefined || !/^\d+(\.\d+)*$/.test(version)) return undefined
  const prefix = PRODUCTS.find(([pattern]) => pattern.test(product))?.[1]
  if (prefix === undefined) return undefined
  if (prefix === 'rhels' && variant === 'ComputeNode') return { osvers: `rhelhpc${version}` }
  return { osvers: `${prefix}${version}` }
}

function nameOfDescription(description: string, general: ReadonlyMap<string, string> | undefined): Named | undefined {
  if (/^[\d.]+$/.test(description)) {
    const family = /^(centos|rocky|alma)/i.exec(general?.get('family') ?? '')?.[1]?.toLowerCase()
    return family === undefined ? undefined : { osvers: `${family}${description}` }
  }
  const [, oracle] = /^(?:Oracle Linux|OL)[ -](\d+(?:\.\d+)?)/.exec(description) ?? []
  if (oracle !== undefined) return { osvers: `ol${oracle}` }
  const product = PRODUCTS.find(([pattern]) => pattern.test(description))
  const version = /(\d+(?:\.\d+)*)$/.exec(description)?.[1] ?? /^Fedora[ -](\d+)/.exec(description)?.[1]
  if (product === undefined || version === undefined) return undefined
  return { osvers: `${product[1]}${version}` }
}
