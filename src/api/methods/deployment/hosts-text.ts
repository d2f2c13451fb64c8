/** The text of a hosts file: lines of nodes put in, replaced and taken out; every other line stays as it is, byte for byte. */

export interface HostEntry {
  readonly ip: string
  /** Short name first, then the long one if there is one, then aliases. */
  readonly name: string
  readonly longName: string | undefined
  readonly aliases: readonly string[]
}

export interface HostsChange {
  readonly text: string
  readonly added: number
  readonly changed: number
  readonly removed: number
  /** Lines of somebody else that had an address of ours, or our name. */
  readonly conflicts: readonly string[]
}

/** `ip short short.domain aliases`. */
export function renderEntry({ ip, name, longName, aliases }: HostEntry, longFirst: boolean): string {
  const names = longName === undefined ? [name] : longFirst ? [longName, name] : [name, longName]
  return [ip, ...new Set([...names, ...aliases])].join(' ')
}

/**
 * The names of one address. @param hostnames hosts.hostnames: separated by commas or blanks; a long name among them is
 * used instead of the one the domain would give
 */
export function hostEntry(ip: string, name: string, domain: string | undefined, hostnames: string): HostEntry {
  const others = hostnames.split(/[,\s]+/).filter((other) => other !== '' && other !== name)
  const ownLong =
    others.find((other) => other.startsWith(`${name}.`)) ?? (domain === undefined ? undefined : `${name}.${domain}`)
  return { ip, name, longName: ownLong, aliases: others.filter((other) => other !== ownLong) }
}

interface Line {
  readonly text: string
  readonly ip: string
  readonly first: string
}

/** Comments, blank lines, broken ones and IPv6 lines (the tables hold no such address) have neither address nor name. */
function parseLine(text: string): Line {
  const [ip = '', first = ''] = text.replace(/#.*/, '').trim().split(/\s+/)
  return { text, ip: first === '' || ip.includes(':') ? '' : ip, first }
}

function linesOf(text: string): { readonly lines: Line[]; readonly newline: string } {
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const parts = text.split(newline)
  if (parts.at(-1) === '') parts.pop()
  return { lines: parts.map(parseLine), newline }
}

/** A line is the entry's when it has its address, or its name stands first. The first such line is replaced, others go. */
export function putEntries(text: string, entries: readonly HostEntry[], longFirst: boolean): HostsChange {
  const { lines, newline } = linesOf(text)
  const { byIp, byName } = indexEntries(entries)
  const placed = new Set<HostEntry>()
  const conflicts: string[] = []
  let changed = 0
  let removed = 0
  const kept = lines.flatMap((line, index) => {
    const entry = byIp.get(line.ip) ?? byName.get(line.first)
    if (line.ip === '' || entry === undefined) return [line.text]
    if (isLoopback(line.ip) && line.ip !== entry.ip) {
      // `127.0.0.1 mn1 localhost`: programs of this machine need it.
      conflicts.push(`line ${index + 1} (${line.text.trim()}) has the name of ${entry.name} and stays`)
      return [line.text]
    }
    if (!namesOf(entry).includes(line.first))
      conflicts.push(`line ${index + 1} (${line.text.trim()}) gave way to ${entry.name}`)
    if (placed.has(entry)) {
      removed += 1
      return []
    }
    placed.add(entry)
    const rendered = renderEntry(entry, longFirst)
    if (rendered === line.text) return [line.text]
    changed += 1
    return [rendered]
  })
  const added = entries.filter((entry) => !placed.has(entry)).map((entry) => renderEntry(entry, longFirst))
  return { text: join([...kept, ...added], newline), added: added.length, changed, removed, conflicts }
}

/** Takes the lines of these entries out: those with their name in front, and those with their address and any name of theirs. */
export function removeEntries(text: string, entries: readonly HostEntry[]): HostsChange {
  const { lines, newline } = linesOf(text)
  const { byIp, byName } = indexEntries(entries)
  const conflicts: string[] = []
  const kept = lines.filter((line, index) => {
    if (line.ip === '') return true
    const owner = byIp.get(line.ip)
    if (byName.has(line.first) && (owner !== undefined || !isLoopback(line.ip))) return false
    if (owner === undefined) return true
    if (namesOf(owner).includes(line.first)) return false
    conflicts.push(`line ${index + 1} (${line.text.trim()}) has the address of ${owner.name} and stays`)
    return true
  })
  const texts = kept.map((line) => line.text)
  return { text: join(texts, newline), added: 0, changed: 0, removed: lines.length - kept.length, conflicts }
}

/** What a new file keeps: comments, and the machine's own names on loopback and multicast addresses. */
export function keepOwnLines(text: string): string {
  const { lines, newline } = linesOf(text)
  const own = lines.filter(({ text: line, ip }) => {
    const isForeign6 = /^\s*[0-9a-f]*:/i.test(line) && !/^\s*(::1|fe00::|ff0)/i.test(line)
    return ip === '' ? !isForeign6 : isLoopback(ip)
  })
  const local = own.some(({ ip }) => ip.startsWith('127.')) ? [] : ['127.0.0.1 localhost']
  return join([...local, ...own.map((line) => line.text)], newline)
}

function isLoopback(ip: string): boolean {
  return ip.startsWith('127.0.')
}

function namesOf({ name, longName, aliases }: HostEntry): readonly string[] {
  return longName === undefined ? [name, ...aliases] : [name, longName, ...aliases]
}

function indexEntries(entries: readonly HostEntry[]): {
  readonly byIp: ReadonlyMap<string, HostEntry>
  readonly byName: ReadonlyMap<string, HostEntry>
} {
  const byIp = new Map(entries.map((entry) => [entry.ip, entry]))
  const byName = new Map<string, HostEntry>()
  for (const entry of entries) {
    byName.set(entry.name, entry)
    if (entry.longName !== undefined) byName.set(entry.longName, entry)
  }
  return { byIp, byName }
}

function join(lines: readonly string[], newline: string): string {
  return lines.length === 0 ? '' : lines.join(newline) + newline
}
