/** pkglist and otherpkgs.pkglist: entries → batches, each one call of the package manager. */
import { type ListEntry, type ListFault, type ListOptions, type ListPlace, readListFiles } from './list-file.ts'

export interface PackageName extends ListPlace {
  /** A package, with an architecture when it is written (`glibc.i686`); a group, environment, module or pattern as `@…`. */
  readonly name: string
  /** otherpkgs: the subdirectory of otherpkgdir that has it, '' for the directory itself. */
  readonly directory: string
}

export interface PackageBatch {
  readonly install: readonly PackageName[]
  /** `-name`: removed before this batch is installed; in a pkglist: kept out of it. */
  readonly removeBefore: readonly PackageName[]
  /** `--name`: removed after this batch was installed. */
  readonly removeAfter: readonly PackageName[]
  /** `#ENV:A=1 B=2#` lines. */
  readonly environment: Readonly<Record<string, string>>
}

export interface PackageLists {
  /** Never empty batches. */
  readonly batches: readonly PackageBatch[]
  readonly faults: readonly ListFault[]
}

/** @param kind an otherpkgs list may name subdirectories: `tools/mpi-runtime` */
export function readPackageLists(
  paths: readonly string[],
  kind: 'pkglist' | 'otherpkgs',
  options: Omit<ListOptions, 'trailingComments'>,
): PackageLists {
  const { entries, faults } = readListFiles(paths, options)
  const problems = [...faults]
  const batches: PackageBatch[] = []
  let batch = emptyBatch()
  const finish = () => {
    const { install, removeBefore, removeAfter } = batch
    if (install.length + removeBefore.length + removeAfter.length > 0) batches.push(batch)
    batch = emptyBatch()
  }
  for (const entry of entries) {
    if (entry.text === '#NEW_INSTALL_LIST#') finish()
    else if (entry.text.startsWith('#ENV:')) addEnvironment(batch, entry, problems)
    else addPackage(batch, entry, kind, problems)
  }
  finish()
  return { batches, faults: problems }
}

interface OpenBatch extends PackageBatch {
  readonly install: PackageName[]
  readonly removeBefore: PackageName[]
  readonly removeAfter: PackageName[]
  readonly environment: Record<string, string>
}

function emptyBatch(): OpenBatch {
  return { install: [], removeBefore: [], removeAfter: [], environment: {} }
}

function addEnvironment(batch: PackageBatch, entry: ListEntry, faults: ListFault[]): void {
  const words = entry.text.slice('#ENV:'.length, -1).trim().split(/\s+/)
  for (const word of words) {
    const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/.exec(word) ?? []
    if (name === undefined || value === undefined) {
      faults.push({ place: entry, message: `'${word}' is no NAME=value` })
    } else Object.assign(batch.environment, { [name]: value })
  }
}

function addPackage(batch: OpenBatch, entry: ListEntry, kind: 'pkglist' | 'otherpkgs', faults: ListFault[]): void {
  const [, dashes = '', rest = ''] = /^(-{0,2})(.*)$/.exec(entry.text) ?? []
  const slash = kind === 'otherpkgs' && !rest.startsWith('@') ? rest.lastIndexOf('/') : -1
  const directory = slash === -1 ? '' : rest.slice(0, slash)
  const name = rest.slice(slash + 1)
  const problem = nameProblem(name, directory)
  if (problem !== undefined) {
    faults.push({ place: entry, message: `'${entry.text}' ${problem}` })
    return
  }
  const list = dashes === '' ? batch.install : dashes === '-' ? batch.removeBefore : batch.removeAfter
  list.push({ name, directory, file: entry.file, line: entry.line })
}

/** A package manager must never take an entry for an option, nor a path for something else. */
function nameProblem(name: string, directory: string): string | undefined {
  if (name === '' || name === '@') return 'names no package'
  if (directory.split('/').includes('..') || directory.startsWith('/')) return 'leaves otherpkgdir'
  if (name.startsWith('-')) return 'begins with too many dashes'
  if (!name.startsWith('@') && /\s/.test(name)) return 'has a blank in it: write one package on a line'
  return undefined
}
