/**
 * The list files of an image (pkglist, otherpkgs.pkglist, exlist): what their lines mean, whoever uses them.
 *
 * Texts come in through `ReadList`; nothing here knows packages, trees or tables. Every entry remembers its file and line,
 * because that is what an administrator wants to be told when a package does not exist.
 */

/** Where an entry was written. */
export interface ListPlace {
  readonly file: string
  /** From 1. */
  readonly line: number
}

export interface ListEntry extends ListPlace {
  readonly text: string
}

/** Something wrong in a list, worded for its author. */
export interface ListFault {
  readonly place: ListPlace | undefined
  readonly message: string
}

export interface ListLines {
  /** Every line that says something, comments and includes taken out, in order. Directives keep their `#…#`. */
  readonly entries: readonly ListEntry[]
  readonly faults: readonly ListFault[]
}

/** undefined: there is no such file, or it cannot be read. */
export type ReadList = (path: string) => string | undefined

export interface ListOptions {
  readonly read: ReadList
  /** For `$NAME` and `${NAME}` in the names of included files: the image's environvar, then the environment. */
  readonly variables: Readonly<Record<string, string | undefined>>
  /** From `#` to the end of the line is a comment anywhere, as in an exlist. Else only whole lines are. */
  readonly trailingComments?: boolean
}

const INCLUDE = /^#INCLUDE:(.*)#$/
const DIRECTIVE = /^#(NEW_INSTALL_LIST|ENV:.*)#$/
/** Nobody nests deeper on purpose; a chain of links that includes itself under ever new names ends here. */
const MAX_DEPTH = 32

/** Reads the files in order, and what they include in its place. */
export function readListFiles(paths: readonly string[], options: ListOptions): ListLines {
  const entries: ListEntry[] = []
  const faults: ListFault[] = []

  /** @param chain the files that are being read, the outermost first */
  function readFile(path: string, chain: readonly string[], from: ListPlace | undefined): void {
    if (chain.includes(path) || chain.length >= MAX_DEPTH) {
      const message =
        chain.length >= MAX_DEPTH
          ? 'files are included too deeply'
          : `a file includes itself: ${[...chain, path].join(' -> ')}`
      faults.push({ place: from, message })
      return
    }
    const text = options.read(path)
    if (text === undefined) {
      faults.push({ place: from, message: `the list ${path} cannot be read` })
      return
    }
    for (const [index, raw] of text.split('\n').entries())
      readLine(raw, { file: path, line: index + 1 }, [...chain, path])
  }

  function readLine(raw: string, place: ListPlace, chain: readonly string[]): void {
    const line = raw.trim()
    const included = INCLUDE.exec(line)?.[1]?.trim()
    if (included !== undefined) {
      include(included, place, chain)
      return
    }
    if (DIRECTIVE.test(line)) {
      entries.push({ ...place, text: line })
      return
    }
    const said = options.trailingComments ? line.replace(/\s*#.*$/, '') : line
    if (said === '' || said.startsWith('#')) return
    // A comma is as good as a line break, except in an exlist's pattern.
    const parts = options.trailingComments ? [said] : said.split(',')
    for (const part of parts.map((item) => item.trim())) if (part !== '') entries.push({ ...place, text: part })
  }

  function include(named: string, place: ListPlace, chain: readonly string[]): void {
    const { path, missing } = substitute(named, options.variables)
    if (missing !== undefined) {
      faults.push({
        place,
        message: `$${missing} in #INCLUDE:${named}# is not set: put it into the image's environvar`,
      })
      return
    }
    // Relative to the list that the table names, not to the file that includes: files can be moved together.
    const base = chain[0]?.replace(/\/[^/]*$/, '') ?? ''
    readFile(path.startsWith('/') ? path : `${base}/${path}`, chain, place)
  }

  for (const path of paths) readFile(path, [], undefined)
  return { entries, faults }
}

function substitute(
  text: string,
  variables: Readonly<Record<string, string | undefined>>,
): { readonly path: string; readonly missing?: string } {
  let missing: string | undefined
  const path = text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced?: string, bare?: string) => {
    const name = braced ?? bare ?? ''
    const value = variables[name]
    if (value === undefined) missing ??= name
    return value ?? whole
  })
  return missing === undefined ? { path } : { path, missing }
}

/** `file line 3: message`, or the message alone. */
export function renderListFault({ place, message }: ListFault): string {
  return place === undefined ? message : `${place.file} line ${place.line}: ${message}`
}
