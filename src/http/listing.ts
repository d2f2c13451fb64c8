/** A directory as HTML, plain enough for `wget -r -np`, which is how nodes fetch script trees. */

export interface ListingEntry {
  readonly name: string
  readonly isDirectory: boolean
}

/** No link upwards: a recursive client never leaves the tree. Names are sorted, so equal trees give equal bytes. */
export function renderListing(path: string, entries: readonly ListingEntry[]): string {
  const sorted = [...entries].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  const lines = sorted.map((entry) => {
    const name = `${entry.name}${entry.isDirectory ? '/' : ''}`
    // `./` keeps a name with a colon from reading as a scheme (RFC 3986 §4.2).
    const href = `${entry.name.includes(':') ? './' : ''}${encodeURIComponent(entry.name)}${entry.isDirectory ? '/' : ''}`
    return `<a href="${href}">${escapeHtml(name)}</a>\n`
  })
  const title = `Index of ${escapeHtml(path)}`
  return `<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>${title}</title></head><body>\n<h1>${title}</h1>\n<pre>\n${lines.join('')}</pre>\n</body></html>\n`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
