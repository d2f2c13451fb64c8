/** NFS mount options: defaults, what the administrator wrote over them, and what nobody may write. */
import { limits } from './limits.ts'

/** Options that decide the same thing: writing one replaces a default that is another. */
const SAME_QUESTION: ReadonlyMap<string, string> = new Map([
  ['nfsvers', 'vers'],
  ['v3', 'vers'],
  ['v4', 'vers'],
  ['tcp', 'proto'],
  ['udp', 'proto'],
  ['soft', 'hard'],
  ['softerr', 'hard'],
  ['nosoft', 'hard'],
  ['nolock', 'lock'],
  ['ro', 'rw'],
  ['noac', 'actimeo'],
  ['ac', 'actimeo'],
  ['acregmin', 'actimeo'],
  ['acregmax', 'actimeo'],
  ['acdirmin', 'actimeo'],
  ['acdirmax', 'actimeo'],
])

/** `vers=3` and `nfsvers=4.2` answer the same question, `vers`. */
function questionOf(option: string): string {
  const name = (option.split('=', 1)[0] ?? '').toLowerCase()
  return SAME_QUESTION.get(name) ?? name
}

/** A comma list as a cell holds it. Blank: no options. */
export function parseMountOptions(cell: string): { readonly options: string[] } | { readonly fault: string } {
  const text = cell.trim()
  if (text === '') return { options: [] }
  if (Buffer.byteLength(text) > limits.mountOptionsBytes) {
    return { fault: `mount options are longer than ${limits.mountOptionsBytes} bytes` }
  }
  const options = text.split(',')
  for (const option of options) {
    if (option === '') return { fault: `mount options ${JSON.stringify(cell)} have an empty item` }
    if (!/^[A-Za-z][A-Za-z0-9_]*(=[A-Za-z0-9_.:/@+%[\]-]+)?$/.test(option)) {
      return { fault: `${JSON.stringify(option)} is not a mount option (comma list without blanks or quotes)` }
    }
    // The node writes the address that the server put into the plan; a second one would win.
    if (['addr', 'mountaddr'].includes(questionOf(option))) return { fault: `${option} is set by the server` }
  }
  return { options }
}

/** Whether the list holds this word, in any case and without a value. */
export function hasOption(options: readonly string[], word: string): boolean {
  return options.some((option) => option.toLowerCase() === word)
}

/** Defaults that nobody replaced, in their order, then the administrator's options in theirs. A repeated option is kept once. */
export function mergeMountOptions(defaults: readonly string[], options: readonly string[]): string {
  const asked = new Set(options.map(questionOf))
  const kept = defaults.filter((option) => !asked.has(questionOf(option)))
  return [...new Set([...kept, ...options])].join(',')
}

/** Options for a mount that must be read-only: `rw` and `defaults` (which means rw) are refused, `ro` comes first. */
export function readOnlyOptions(
  defaults: readonly string[],
  options: readonly string[],
): { readonly options: string } | { readonly fault: string } {
  const bad = options.find((option) => ['rw', 'defaults'].includes(option.toLowerCase()))
  if (bad !== undefined) return { fault: `option ${bad}: this mount is always read-only` }
  const rest = options.filter((option) => option.toLowerCase() !== 'ro')
  return { options: `ro,${mergeMountOptions(defaults, rest)}` }
}

/** Ports of our own NFS service, so that the client asks no portmapper. RFC 1833 is for servers on unknown ports. */
export function portOptions(nfs: { readonly port: number; readonly mountPort: number }): string[] {
  return [`port=${nfs.port}`, `mountport=${nfs.mountPort}`, 'mountproto=tcp']
}
