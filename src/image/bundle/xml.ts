/**
 * The little XML that image bundles need: elements with text or elements in them, as Perl's XML::Simple writes and reads
 * them. No attributes (skipped), no DOCTYPE and no entities but the five and numbers: a bundle comes from strangers.
 */

export interface XmlElement {
  readonly name: string
  readonly children: readonly XmlElement[]
  /** '' where there are children. */
  readonly text: string
}

export function leaf(name: string, text: string): XmlElement {
  return { name, children: [], text }
}

export function parent(name: string, children: readonly XmlElement[]): XmlElement {
  return { name, children, text: '' }
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

export function renderXml(element: XmlElement, indent = ''): string {
  const { name, children, text } = element
  if (children.length === 0)
    return `${indent}<${name}>${text.replace(/[&<>"]/g, (letter) => ESCAPES[letter] ?? '')}</${name}>\n`
  return `${indent}<${name}>\n${children.map((child) => renderXml(child, `${indent}  `)).join('')}${indent}</${name}>\n`
}

export interface XmlFault {
  readonly fault: string
  readonly offset: number
}

/** Nesting and size that no manifest needs. */
const DEPTH_LIMIT = 16
const ELEMENT_LIMIT = 20_000

interface OpenElement {
  readonly name: string
  readonly children: XmlElement[]
  text: string
}

/** One pass over the tags: time grows with the text only. */
export function parseXml(text: string): XmlElement | XmlFault {
  const stack: OpenElement[] = [{ name: '', children: [], text: '' }]
  let count = 0
  let at = 0
  while (at < text.length) {
    const open = text.indexOf('<', at)
    const top = stack.at(-1)
    if (top === undefined) return { fault: 'more ends than beginnings', offset: at }
    const said = decode(text.slice(at, open === -1 ? text.length : open))
    if (said === undefined) return { fault: 'an unknown entity', offset: at }
    top.text += said
    if (open === -1) break
    const skipped = skipMarkup(text, open)
    if (skipped === -1) return { fault: 'markup that a manifest does not have', offset: open }
    if (skipped > open) {
      at = skipped
      continue
    }
    const close = text.indexOf('>', open)
    const [, end, name, rest] = /^<(\/?)([A-Za-z_][\w.-]{0,63})(\s[^<>]*)?\/?>$/.exec(text.slice(open, close + 1)) ?? []
    if (close === -1 || name === undefined) return { fault: 'a tag that is none', offset: open }
    const isEmpty = text[close - 1] === '/'
    if (end === '/') {
      if (stack.length < 2 || top.name !== name || rest) return { fault: `</${name}> ends nothing`, offset: open }
      stack.pop()
      stack.at(-1)?.children.push(finish(top))
    } else if (isEmpty) top.children.push(leaf(name, ''))
    else stack.push({ name, children: [], text: '' })
    if (++count > ELEMENT_LIMIT || stack.length > DEPTH_LIMIT) return { fault: 'too many elements', offset: open }
    at = close + 1
  }
  const [document] = stack
  const [root, ...others] = document?.children ?? []
  if (stack.length !== 1 || root === undefined || others.length > 0 || document?.text.trim() !== '')
    return { fault: 'not one whole element', offset: text.length }
  return root
}

/** Behind a comment or a declaration; where it began: it is a tag; -1: not taken. */
function skipMarkup(text: string, open: number): number {
  if (text.startsWith('<!--', open)) {
    const end = text.indexOf('-->', open + 4)
    return end === -1 ? -1 : end + 3
  }
  if (text.startsWith('<?', open)) {
    const end = text.indexOf('?>', open + 2)
    return end === -1 ? -1 : end + 2
  }
  return text.startsWith('<!', open) ? -1 : open
}

function finish({ name, children, text }: OpenElement): XmlElement {
  return children.length > 0 ? parent(name, children) : leaf(name, text.trim())
}

function decode(text: string): string | undefined {
  let isKnown = true
  const decoded = text.replace(/&([^;&]{0,10});?/g, (whole, name: string) => {
    const number = /^#(?:x([0-9a-f]{1,6})|([0-9]{1,7}))$/i.exec(name)
    const code = number ? Number.parseInt(number[1] ?? number[2] ?? '', number[1] === undefined ? 10 : 16) : undefined
    const value = code !== undefined && code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : ENTITIES[name]
    if (value === undefined || !whole.endsWith(';')) isKnown = false
    return value ?? ''
  })
  return isKnown ? decoded : undefined
}
