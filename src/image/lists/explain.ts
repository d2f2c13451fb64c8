/** How lists are read: every entry with the file and line it comes from, for administrators who look for one. */
import { type ListEntry, renderListFault } from './list-file.ts'
import type { PackageBatch, PackageLists, PackageName } from './package-lists.ts'

/** Batch by batch, in the order of the package manager's calls. Faults come last. */
export function explainPackageLists({ batches, faults }: PackageLists): string[] {
  const many = batches.length > 1
  const lines = batches.flatMap((batch, index) => [
    ...(many ? [`batch ${index + 1} of ${batches.length}`] : []),
    ...explainBatch(batch),
  ])
  return [...lines, ...faults.map((fault) => `wrong: ${renderListFault(fault)}`)]
}

function explainBatch({ install, removeBefore, removeAfter, environment }: PackageBatch): string[] {
  const names = (what: string, packages: readonly PackageName[]) =>
    packages.map((one) => `${what} ${one.directory === '' ? '' : `${one.directory}/`}${one.name}${placeText(one)}`)
  return [
    ...Object.entries(environment).map(([name, value]) => `with ${name}=${value}`),
    ...names('without', removeBefore),
    ...names('install', install),
    ...names('then remove', removeAfter),
  ]
}

/** Lines of any list as they are taken: includes and comments are gone. */
export function explainEntries(entries: readonly ListEntry[]): string[] {
  return entries.map((entry) => `${entry.text}${placeText(entry)}`)
}

function placeText({ file, line }: ListEntry | PackageName): string {
  return `  (${file} line ${line})`
}
