/** Text for a terminal of a given width. */

/** Lines of at most `width` characters, not counting the indent, which every line but the first gets. Long words stay whole. */
export function wrapText(text: string, width: number, indent = ''): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    if (line === '') line = word
    else if (line.length + 1 + word.length <= width) line += ` ${word}`
    else {
      lines.push(line)
      line = word
    }
  }
  return [...lines, line].join(`\n${indent}`)
}

/** A command line, broken so that it can be pasted: never inside quotes. Here the indent counts. */
export function wrapCommandLine(line: string, width: number, indent: string): string {
  const words = line.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? []
  const lines: string[] = []
  let current = ''
  for (const word of words) {
    const room = width - 2 - (lines.length === 0 ? 0 : indent.length)
    if (current !== '' && current.length + 1 + word.length > room) {
      lines.push(`${current} \\`)
      current = word
    } else current = current === '' ? word : `${current} ${word}`
  }
  return [...lines, current].join(`\n${indent}`)
}
