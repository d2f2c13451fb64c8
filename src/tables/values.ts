/** Checks of single values: each returns what is wrong with the text, or undefined. Unset values are never checked. */
import ipaddr from 'ipaddr.js'

export type ValueCheck = (value: string) => string | undefined

export const NODE_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]*$/
export const OBJECT_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/

export const checkNodeName: ValueCheck = (value) =>
  NODE_NAME.test(value) && value.length <= 63
    ? undefined
    : 'is not a name: letters, digits, "-" and "_" only, starting with a letter or digit, at most 63 characters'

/** Names of images, groups, networks: they end up in file and URL paths. */
export const checkObjectName: ValueCheck = (value) =>
  OBJECT_NAME.test(value) && value.length <= 128
    ? undefined
    : 'is not a name: letters, digits, ".", "-" and "_" only, starting with a letter or digit, at most 128 characters'

export function isIpv4(value: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(value)
}

export const checkIpv4: ValueCheck = (value) =>
  isIpv4(value) ? undefined : 'is not an IPv4 address (four decimal numbers joined by dots)'

/** A word of a fixed list; `fold` says that upper and lower case are the same. */
export function oneOf(words: readonly string[]): ValueCheck {
  return (value) => (words.includes(value) ? undefined : `is not one of: ${words.join(', ')}`)
}

export function integer(least: number, most: number): ValueCheck {
  return (value) =>
    /^\d{1,15}$/.test(value) && Number(value) >= least && Number(value) <= most
      ? undefined
      : `is not a whole number from ${least} to ${most}`
}

export const checkNumber: ValueCheck = (value) =>
  /^\d+(\.\d+)?$/.test(value) ? undefined : 'is not a number (digits, with at most one decimal point)'

export const checkOctalMode: ValueCheck = (value) =>
  /^[0-7]{3,4}$/.test(value) ? undefined : 'is not a file mode: three or four octal digits such as 755'

export const checkAbsolutePath: ValueCheck = (value) =>
  value.startsWith('/') ? undefined : 'is not an absolute path: it must start with /'

export const checkFlag: ValueCheck = (value) =>
  /^(0|1|y|n|yes|no|true|false)$/i.test(value) ? undefined : 'is not yes or no (1, 0, yes, no)'

// biome-ignore lint/suspicious/noControlCharactersInRegex: finding control characters is the purpose
export const CONTROL = /[\u0000-\u001f\u007f]/

/** nfsrootopts: mount options of the root, appended to `ro`. */
export const checkNfsrootopts: ValueCheck = (value) => {
  const items = value.split(',')
  if (/\s/.test(value) || items.includes(''))
    return 'nfsrootopts must be a comma-separated list without whitespace or empty options'
  const bad = items.find((item) => /^(rw|defaults)$/i.test(item))
  return bad === undefined ? undefined : `nfsrootopts cannot contain '${bad}'; statelite NFS roots are always read-only`
}

export const checkMountOptions: ValueCheck = (value) =>
  /\s/.test(value) || value.split(',').includes('')
    ? 'is not a list of mount options: separate them with commas, without blanks or empty options'
    : undefined
