/**
 * The words of a grub.cfg as petitboot takes them. It is less than GRUB takes: a backslash is a letter like any other, a
 * reserved word is reserved wherever it stands without quotes (`echo in a minute` is a syntax error), and `& | < >` or a `$`
 * without a name end the reading there.
 */
export interface Piece {
  readonly kind: 'text' | 'variable'
  readonly text: string
  /** A variable outside quotes: blanks in its value make several words. */
  readonly splits: boolean
}

export type Token =
  | { readonly kind: 'piece'; readonly piece: Piece; readonly line: number }
  | { readonly kind: 'reserved'; readonly word: string; readonly line: number }
  | { readonly kind: 'blank' | 'end-of-line' | '{' | '}' | 'end'; readonly line: number }

const RESERVED = new Set([
  ...['[[', ']]', 'case', 'do', 'done', 'elif', 'else', 'esac', 'fi', 'for', 'function', 'if', 'in', 'menuentry'],
  ...['select', 'submenu', 'then', 'time', 'until', 'while'],
])
const END_OF_LINE = /[ \t]*[;\n][ \t]*/y
const BLANK = /[ \t]+/y
const WORD = /[^{}|&$;<> \t\n'"#]+/y
const VARIABLE = /\$(?:\{([A-Za-z]\w*|\d+|[?@*#])\}|([A-Za-z]\w*|\d+|[?@*#]))/y
const COMMENT = /#.*/y
const QUOTED_TEXT = /(?:\\"|[^"$])+/y

export interface Tokens {
  readonly tokens: readonly Token[]
  /** Why the reading ended before the text did. */
  readonly fault: string | undefined
}

export function tokenize(text: string): Tokens {
  const tokens: Token[] = []
  let at = 0
  let line = 1
  let isAfterWord = false

  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found === null) return undefined
    at += found[0].length
    line += found[0].split('\n').length - 1
    return found
  }
  const addPiece = (kind: Piece['kind'], content: string, splits: boolean) => {
    tokens.push({ kind: 'piece', piece: { kind, text: content, splits }, line })
    isAfterWord = true
  }
  const takeVariable = (splits: boolean): boolean => {
    const found = take(VARIABLE)
    if (found === undefined) return false
    addPiece('variable', found[1] ?? found[2] ?? '', splits)
    return true
  }
  /** An empty string in quotes is no word at all. */
  const takeQuoted = (): boolean => {
    const quote = text[at]
    if (quote !== "'" && quote !== '"') return false
    at += 1
    if (quote === "'") {
      const end = text.indexOf("'", at)
      const content = text.slice(at, end < 0 ? text.length : end)
      if (content !== '') addPiece('text', content, false)
      line += content.split('\n').length - 1
      at += content.length + 1
      return true
    }
    while (at < text.length && text[at] !== '"') {
      const found = take(QUOTED_TEXT)
      if (found) addPiece('text', found[0], false)
      // A `$` without a name disappears.
      else if (!takeVariable(false)) at += 1
    }
    at += 1
    return true
  }
  const addMark = (kind: 'end-of-line' | '{' | '}') => {
    tokens.push({ kind, line })
    isAfterWord = false
  }

  while (at < text.length) {
    if (take(END_OF_LINE)) addMark('end-of-line')
    else if (take(BLANK)) {
      if (isAfterWord) tokens.push({ kind: 'blank', line })
    } else if (take(COMMENT)) continue
    else if (takeQuoted() || takeVariable(true)) continue
    else if (text[at] === '{' || text[at] === '}') addMark(text[at++] as '{' | '}')
    else {
      const [word] = take(WORD) ?? []
      if (word === undefined)
        return { tokens: [...tokens, { kind: 'end', line }], fault: `line ${line}: unknown token ${text[at]}` }
      if (RESERVED.has(word)) tokens.push({ kind: 'reserved', word, line })
      else addPiece('text', word, false)
    }
  }
  return { tokens: [...tokens, { kind: 'end', line }], fault: undefined }
}
