/** Debian control stanzas (deb-control(5)), and which packages need which. */

/** Field → value, as written. */
export type Control = Readonly<Record<string, string>>

export function parseControl(text: string): Control[] {
  return text
    .split(/\n\s*\n/)
    .map((stanza) => {
      const fields: Record<string, string> = {}
      let last: string | undefined
      for (const line of stanza.split('\n')) {
        const [, name, value = ''] = /^([A-Za-z][\w-]*):\s*(.*)$/.exec(line) ?? []
        if (name !== undefined) {
          fields[name] = value
          last = name
        } else if (last !== undefined && /^\s/.test(line)) fields[last] += `\n${line}`
      }
      return fields
    })
    .filter(({ Package }) => Package !== undefined)
}

/** `a (>= 1) | b, c:any` → [[a, b], [c]]. */
export function parseRelation(text: string | undefined): string[][] {
  return (text ?? '')
    .split(',')
    .map((group) =>
      group
        .split('|')
        .map((each) => /^\s*([a-z0-9][a-z0-9+.-]*)/.exec(each)?.[1] ?? '')
        .filter((name) => name !== ''),
    )
    .filter((group) => group.length > 0)
}

/** Who provides a name, among these packages; a package provides its own. */
export function providersOf(packages: ReadonlyMap<string, Control>): ReadonlyMap<string, string> {
  const providers = new Map<string, string>()
  for (const [name, control] of packages)
    for (const provided of parseRelation(control.Provides).flat())
      if (!providers.has(provided)) providers.set(provided, name)
  for (const name of packages.keys()) providers.set(name, name)
  return providers
}

/** What a package needs of these: of alternatives the first one that is there. */
export function needsOf(
  control: Control,
  providers: ReadonlyMap<string, string>,
  isLeftOut: (name: string) => boolean,
): string[] {
  const needs = [...parseRelation(control['Pre-Depends']), ...parseRelation(control.Depends)].flatMap((group) => {
    const found = group.map((name) => providers.get(name)).find((name) => name !== undefined && !isLeftOut(name))
    return found === undefined ? [] : [found]
  })
  return [...new Set(needs)].filter((name) => name !== control.Package)
}

/** The named ones and everything they need. */
export function closureOf(
  names: readonly string[],
  packages: ReadonlyMap<string, Control>,
  isLeftOut: (name: string) => boolean,
): Map<string, Control> {
  const providers = providersOf(packages)
  const reached = new Map<string, Control>()
  const waiting = [...names]
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const control = packages.get(name)
    if (control === undefined || reached.has(name) || isLeftOut(name)) continue
    reached.set(name, control)
    waiting.push(...needsOf(control, providers, isLeftOut))
  }
  return reached
}
