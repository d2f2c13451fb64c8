/** The statements of a grub.cfg as petitboot takes them. Where it finds none it can take, it takes nothing of the whole file. */
import { type Piece, type Token, tokenize } from './grub2-tokens.ts'

export type Word = readonly Piece[]

export type Statement =
  | { readonly kind: 'command'; readonly words: readonly Word[] }
  | { readonly kind: 'block'; readonly body: readonly Statement[] }
  | {
      readonly kind: 'if'
      readonly cases: readonly Conditional[]
      readonly otherwise: readonly Statement[] | undefined
    }
  | { readonly kind: 'function'; readonly name: Word; readonly body: readonly Statement[] }
  | { readonly kind: 'menuentry'; readonly words: readonly Word[]; readonly body: readonly Statement[] }
  | { readonly kind: 'for'; readonly name: Word; readonly list: readonly Word[]; readonly body: readonly Statement[] }

export interface Conditional {
  readonly condition: Statement | undefined
  readonly body: readonly Statement[]
}

export class Grub2SyntaxError extends Error {}

/** @throws Grub2SyntaxError */
export function parseStatements(text: string): Statement[] {
  const { tokens, fault } = tokenize(text)
  const parser = new Parser(tokens)
  try {
    return parser.script()
  } catch (error) {
    if (!(error instanceof Grub2SyntaxError) || fault === undefined) throw error
    throw new Grub2SyntaxError(`${error.message}; ${fault}`)
  }
}

class Parser {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  script(): Statement[] {
    const statements = this.#statements()
    this.#expect('end')
    return statements
  }

  get #next(): Token {
    return this.#tokens[this.#at] as Token
  }

  #isReserved(word: string): boolean {
    return this.#next.kind === 'reserved' && this.#next.word === word
  }

  #expect(kind: Token['kind'], word?: string): void {
    if (this.#next.kind !== kind || (word !== undefined && !this.#isReserved(word))) this.#refuse()
    this.#at += 1
  }

  #refuse(): never {
    const { kind, line } = this.#next
    const what = this.#next.kind === 'reserved' ? this.#next.word : kind
    throw new Grub2SyntaxError(`line ${line}: syntax error at ${what}`)
  }

  #skipBlanks(): boolean {
    const from = this.#at
    while (this.#next.kind === 'blank') this.#at += 1
    return this.#at > from
  }

  #statements(): Statement[] {
    const found: Statement[] = []
    for (;;) {
      const statement = this.#statement()
      if (statement) found.push(statement)
      if (this.#next.kind !== 'end-of-line') return found
      this.#at += 1
    }
  }

  #braced(): Statement[] {
    this.#expect('{')
    const body = this.#statements()
    this.#expect('}')
    return body
  }

  #statement(): Statement | undefined {
    const { kind } = this.#next
    if (kind === 'piece') return { kind: 'command', words: this.#words() }
    if (kind === '{') return { kind: 'block', body: this.#braced() }
    if (this.#next.kind !== 'reserved') return undefined
    switch (this.#next.word) {
      case 'if':
        return this.#if()
      case 'function':
        return this.#function()
      case 'menuentry': {
        this.#at += 1
        const words = this.#words()
        return { kind: 'menuentry', words, body: this.#braced() }
      }
      case 'submenu':
        this.#at += 1
        this.#words()
        // Its entries stand in the one menu.
        return { kind: 'block', body: this.#braced() }
      case 'for':
        return this.#for()
      default:
        return undefined
    }
  }

  #if(): Statement {
    this.#at += 1
    const cases = [this.#conditional()]
    while (this.#isReserved('elif')) {
      this.#at += 1
      cases.push(this.#conditional())
    }
    let otherwise: Statement[] | undefined
    if (this.#isReserved('else')) {
      this.#at += 1
      otherwise = this.#statements()
    }
    this.#expect('reserved', 'fi')
    return { kind: 'if', cases, otherwise }
  }

  #conditional(): Conditional {
    const condition = this.#statement()
    this.#expect('end-of-line')
    this.#expect('reserved', 'then')
    return { condition, body: this.#statements() }
  }

  #function(): Statement {
    this.#at += 1
    const name = this.#word()
    if (!this.#skipBlanks()) this.#refuse()
    return { kind: 'function', name, body: this.#braced() }
  }

  #for(): Statement {
    this.#at += 1
    const name = this.#word()
    this.#skipBlanks()
    this.#expect('reserved', 'in')
    this.#skipBlanks()
    const list = this.#words()
    this.#expect('end-of-line')
    this.#expect('reserved', 'do')
    const body = this.#statements()
    this.#expect('reserved', 'done')
    return { kind: 'for', name, list, body }
  }

  #words(): Word[] {
    const words = [this.#word()]
    while (this.#skipBlanks() && this.#next.kind === 'piece') words.push(this.#word())
    return words
  }

  #word(): Word {
    const pieces: Piece[] = []
    while (this.#next.kind === 'piece') {
      pieces.push(this.#next.piece)
      this.#at += 1
    }
    if (pieces.length === 0) this.#refuse()
    return pieces
  }
}
