/** Two states of a node's facts → what changes, and a text that is the same for nodes with the same change. */
import type { ClusterNode } from '../../cluster/model.ts'
import { COMMAND_LINE, type FactPart, type Facts, REFUSED } from './facts.ts'

export interface AnswerChange {
  readonly part: FactPart
  readonly what: string
  readonly before?: string
  readonly after?: string
  /** Command lines: the words instead of the whole. */
  readonly removed?: readonly string[]
  readonly added?: readonly string[]
}

export function compareFacts(before: Facts, after: Facts): AnswerChange[] {
  const changes: AnswerChange[] = []
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(key), after.get(key)]
    if (was === is) continue
    const [part, what] = key.split('\t') as [FactPart, string]
    if (key === COMMAND_LINE && was !== undefined && is !== undefined)
      changes.push({ part, what, ...wordChanges(was, is) })
    else
      changes.push({
        part,
        what,
        ...(was === undefined ? {} : { before: was }),
        ...(is === undefined ? {} : { after: is }),
      })
  }
  return changes
}

/** Parts of the answer that there are no more; a boot file that is refused is one as well. */
export function vanishedParts(before: Facts, after: Facts): FactPart[] {
  const partsOf = (facts: Facts) =>
    new Set([...facts.keys()].filter((key) => key !== REFUSED).map((key) => key.split('\t', 1)[0] as FactPart))
  const left = partsOf(after)
  return [...partsOf(before)].filter((part) => !left.has(part))
}

/** Order counts only where nothing else has changed. */
function wordChanges(before: string, after: string): { readonly removed: string[]; readonly added: string[] } {
  const [was, is] = [before.split(' '), after.split(' ')]
  const removed = subtract(was, is)
  const added = subtract(is, was)
  return removed.length + added.length > 0 ? { removed, added } : { removed: was, added: is }
}

/** Words may stand several times (`console=`). */
function subtract(from: readonly string[], what: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const word of what) counts.set(word, (counts.get(word) ?? 0) + 1)
  return from.filter((word) => {
    const left = counts.get(word) ?? 0
    if (left > 0) counts.set(word, left - 1)
    return left === 0
  })
}

/** The node's own name and addresses become placeholders: where they may stand, and where they are not somebody else's. */
export function changeKind(
  changes: readonly AnswerChange[],
  before: ClusterNode | undefined,
  after: ClusterNode | undefined,
): string {
  const names = new Map<string, string>()
  const addresses = new Map<string, string>()
  for (const node of [after, before]) {
    if (node === undefined) continue
    names.set(node.name, '<node>')
    for (const [at, { mac, ip }] of node.ports.entries()) {
      names.set(mac, `<mac ${at}>`)
      if (ip !== undefined) addresses.set(ip, node === after ? `<ip ${at}>` : `<old ip ${at}>`)
    }
  }
  const texts = changes.map((change) => {
    if (change.what === 'machine id') return ''
    const text = replaceWords(JSON.stringify(change), names)
    return /^(address|interface)\b/.test(change.what) ? replaceWords(text, addresses) : text
  })
  return texts.join('\n')
}

function replaceWords(text: string, words: ReadonlyMap<string, string>): string {
  let replaced = text
  for (const [word, placeholder] of words) {
    if (!replaced.includes(word)) continue
    const escaped = word.replaceAll('.', '\\.')
    replaced = replaced.replace(new RegExp(`(?<![A-Za-z0-9.])${escaped}(?![A-Za-z0-9]|\\.\\d)`, 'g'), placeholder)
  }
  return replaced
}
