/** What somebody may have meant by a name that does not exist. Bounded work: a hundred thousand nodes cost some 50 ms. */

/** Longer names are not compared; nothing of ours is that long. */
const LONGEST = 64

/** The candidate that is nearest, if it is near enough to be a slip of the fingers. */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  if (name === '' || name.length > LONGEST) return undefined
  const wanted = name.toLowerCase()
  const digits = /\d/.test(wanted) ? splitNumbers(wanted) : undefined
  let best: string | undefined
  // One letter for another is no slip when there is only one.
  let allowed = Math.min(Math.max(1, Math.floor(wanted.length / 3)), wanted.length - 1)
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - wanted.length) > allowed) continue
    const other = candidate.toLowerCase()
    if (other === wanted) return candidate
    if (digits && sameLetters(other, digits.letters)) {
      // cn7 may be cn07. But cn8 is another node, not a slip: a hint would be as good as dice.
      if (splitNumbers(other).values === digits.values) return candidate
      continue
    }
    const distance = editDistance(wanted, other, allowed)
    if (distance > allowed || (best !== undefined && distance === allowed && best <= candidate)) continue
    best = candidate
    allowed = distance
  }
  return best
}

/** For the end of a message: a line of its own, or nothing. */
export function renderHint(name: string, candidates: Iterable<string>): string {
  const near = nearestName(name, candidates)
  return near === undefined ? '' : `\n       Did you mean '${near}'?`
}

function splitNumbers(name: string): { readonly letters: string; readonly values: string } {
  const values = name.match(/\d+/g) ?? []
  return { letters: name.replace(/\d+/g, '#'), values: values.map(Number).join(',') }
}

/** Whether a name has these letters around its numbers (`#`). Called for every name: nothing is allocated. */
function sameLetters(name: string, letters: string): boolean {
  let at = 0
  for (let i = 0; i < letters.length; i++) {
    if (letters[i] === '#') {
      const from = at
      while (isDigit(name.charCodeAt(at))) at++
      if (at === from) return false
    } else if (name.charCodeAt(at++) !== letters.charCodeAt(i)) return false
  }
  return at === name.length
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

/** Three lines of the table of distances, used again for every candidate. */
const lines = [0, 1, 2].map(() => new Uint8Array(3 * LONGEST + 1))

/** Letters added, left out, changed, or two neighbours in the wrong order. More than `most` is all the same. */
function editDistance(a: string, b: string, most: number): number {
  let [before, row, next] = lines as [Uint8Array, Uint8Array, Uint8Array]
  for (let j = 0; j <= b.length; j++) row[j] = j
  for (let i = 1; i <= a.length; i++) {
    const letter = a.charCodeAt(i - 1)
    let left = i
    let least = i
    next[0] = i
    for (let j = 1; j <= b.length; j++) {
      const other = b.charCodeAt(j - 1)
      let cost = row[j - 1]! + (letter === other ? 0 : 1)
      if (row[j]! < cost) cost = row[j]! + 1
      if (left < cost) cost = left + 1
      const isSwap = i > 1 && j > 1 && letter === b.charCodeAt(j - 2) && other === a.charCodeAt(i - 2)
      if (isSwap && before[j - 2]! < cost) cost = before[j - 2]! + 1
      next[j] = cost
      left = cost
      if (cost < least) least = cost
    }
    if (least > most) return least
    ;[before, row, next] = [row, next, before]
  }
  return row[b.length]!
}
