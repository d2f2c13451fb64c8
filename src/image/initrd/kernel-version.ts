/** Order of kernel releases (`6.1.0-9-amd64` before `6.1.0-56-amd64`, `6.12.0~rc1` before `6.12.0`). */
export function compareKernelVersions(a: string, b: string): number {
  const left = chunksOf(a)
  const right = chunksOf(b)
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const order = compareChunks(left[index] ?? '', right[index] ?? '')
    if (order !== 0) return order
  }
  return 0
}

function chunksOf(version: string): string[] {
  return version.match(/\d+|~?[^\d~]*/g)?.filter((chunk) => chunk !== '') ?? []
}

function compareChunks(a: string, b: string): number {
  if (a === b) return 0
  // A tilde or -rc sorts before the end: a pre-release.
  const isPre = (chunk: string) => chunk.startsWith('~') || chunk.startsWith('-rc')
  if (isPre(a) !== isPre(b)) return isPre(a) ? -1 : 1
  if (/^\d/.test(a) && /^\d/.test(b)) return Math.sign(Number(a) - Number(b)) || (a < b ? -1 : 1)
  return a < b ? -1 : 1
}
