/** Option words that xCAT's nodes act upon. Any other word leaves the path as it is in the image, read-only. */
const WORDS: ReadonlySet<string> = new Set([
  'tmpfs',
  'tempfs',
  'rw',
  'tmpfs,rw',
  'persistent',
  'localdisk',
  'con',
  'ro',
  'link',
  'link,ro',
  'link,con',
  'link,persistent',
])

export function isEntryOptionWord(options: string): boolean {
  return WORDS.has(options)
}
