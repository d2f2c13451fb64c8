/**
 * Packed roots: a tree becomes one file that nodes fetch whole (`pack.ts`). Reads the tree, never changes it.
 *
 * This file: names in a tree are bytes, patterns are text. A name that is no UTF-8 becomes text all the same, each odd
 * byte as one of the lone surrogates U+DC80…U+DCFF (as Python's surrogateescape), and comes back unharmed.
 */

const LONE = /(?<![\uD800-\uDBFF])[\uDC80-\uDCFF]/

export function textOfName(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  if (!text.includes('\uFFFD') || Buffer.from(text).equals(bytes)) return text
  let odd = ''
  for (const byte of bytes) odd += byte < 0x80 ? String.fromCharCode(byte) : String.fromCharCode(0xdc00 + byte)
  return odd
}

export function bytesOfName(text: string): Buffer {
  if (!LONE.test(text)) return Buffer.from(text)
  const parts = text.split('/').map((part) => {
    if (!LONE.test(part)) return Buffer.from(part)
    return Buffer.from([...part].map((char) => char.charCodeAt(0) & 0xff))
  })
  return Buffer.concat(parts.flatMap((part, index) => (index === 0 ? [part] : [Buffer.from('/'), part])))
}

/** For messages: what is no text is shown as `\xNN`. */
export function shownName(text: string): string {
  return text.replace(/[\uDC80-\uDCFF]/g, (char, at: number) =>
    at > 0 && /[\uD800-\uDBFF]/.test(text[at - 1] ?? '') ? char : `\\x${(char.charCodeAt(0) & 0xff).toString(16)}`,
  )
}
