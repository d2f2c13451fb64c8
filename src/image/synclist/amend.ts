/** APPEND and MERGE on the text of one file. Pure: bytes in, bytes out; doing it twice is doing it once. */

/** Takes pieces added earlier off again: the longest that is at the end, else one that later writers have left inside. */
export function withoutPieces(content: Buffer, pieces: readonly Buffer[]): Buffer {
  const longestFirst = pieces.filter((piece) => piece.length > 0).sort((a, b) => b.length - a.length)
  const last = longestFirst.find((piece) => content.subarray(-piece.length).equals(piece))
  if (last !== undefined) return content.subarray(0, content.length - last.length)
  const inside = longestFirst.find((piece) => content.includes(piece))
  if (inside === undefined) return content
  const at = content.indexOf(inside)
  return Buffer.concat([content.subarray(0, at), content.subarray(at + inside.length)])
}

/** The bytes to add: the sources in order, each beginning on a line of its own. */
export function pieceFor(own: Buffer, sources: readonly Buffer[]): Buffer {
  const parts: Buffer[] = []
  let last = own.at(-1)
  for (const source of sources) {
    if (source.length === 0) continue
    if (last !== undefined && last !== 0x0a) parts.push(Buffer.from('\n'))
    parts.push(source)
    last = source.at(-1)
  }
  return Buffer.concat(parts)
}

/**
 * Lines of `content` whose first `:` field also begins a line of `source` go; the source's lines follow at the end.
 * Names with `+` or `-` (NIS) are names like any other. Latin-1 keeps every byte.
 */
export function mergeByFirstField(content: Buffer, source: Buffer): Buffer {
  const added = new Map(linesOf(source).map((line) => [firstField(line), line]))
  if (added.size === 0) return content
  const lines = linesOf(content)
  const kept = lines.filter((line) => !added.has(firstField(line)))
  const merged = [...kept, ...added.values()]
  // Where the lines are there already their place does not matter.
  const isSame = lines.length === merged.length && new Set([...lines, ...merged]).size === new Set(lines).size
  return isSame ? content : Buffer.from(merged.map((line) => `${line}\n`).join(''), 'latin1')
}

function linesOf(bytes: Buffer): string[] {
  return bytes
    .toString('latin1')
    .split('\n')
    .filter((line) => line !== '')
}

function firstField(line: string): string {
  return line.split(':', 1)[0] ?? ''
}
