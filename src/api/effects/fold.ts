/** Node names for people. */
export function foldNodeNames(names: readonly string[]): string {
  return names.join(',')
}
