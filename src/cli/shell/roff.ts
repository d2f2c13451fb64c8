/** Text for man: man(7), as mandoc and groff both understand it. */

import { wrapText } from './wrap.ts'

/** A text with `code` in it. */
export function renderText(text: string): string {
  const parts = text.trim().split('`')
  const escaped = parts.map((part, at) => (at % 2 === 0 ? escapeRoff(part) : `\\fB${escapeRoff(part)}\\fR`)).join('')
  return wrapText(escaped, 78).split('\n').map(protectLine).join('\n')
}

/** Something to type, on a line of its own. */
export function renderLiteral(text: string): string {
  return protectLine(escapeRoff(text))
}

const SPECIAL: Readonly<Record<string, string>> = {
  '\\': '\\e',
  // Otherwise printed as typographer's hyphen and quotes, which no shell understands.
  '-': '\\-',
  "'": '\\(aq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
}

function escapeRoff(text: string): string {
  return text.replace(/[\\\-'`^~]|[^\x20-\x7e]/gu, (char) => SPECIAL[char] ?? renderUnicode(char))
}

function renderUnicode(char: string): string {
  return `\\[u${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`
}

/** A line that begins with a dot would be an instruction. */
function protectLine(line: string): string {
  return line.startsWith('.') ? `\\&${line}` : line
}
