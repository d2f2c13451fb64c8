/** The lists of an image, read and made ready: kernel versions put in, directories of otherpkgs found. */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { renderListFault } from '../lists/list-file.ts'
import { type PackageBatch, type PackageName, readPackageLists } from '../lists/package-lists.ts'
import type { OsTools } from './os-tools.ts'
import type { GenimageRequest } from './request.ts'
import { isUrl } from './rpm-sources.ts'

export interface BuildLists {
  readonly distro: readonly PackageBatch[]
  readonly other: readonly PackageBatch[]
  /** Distinct directories that otherpkgs lists name → where they are: directories or URLs, in order. */
  readonly otherPlaces: ReadonlyMap<string, readonly string[]>
  readonly faults: readonly string[]
}

export function readBuildLists(request: GenimageRequest, tools: OsTools): BuildLists {
  const options = { read: readText, variables: { ...process.env, ...request.environment } }
  const distro = readPackageLists(request.pkglists, 'pkglist', options)
  const other = readPackageLists(request.otherpkglists, 'otherpkgs', options)
  const faults = [...distro.faults, ...other.faults].map(renderListFault)
  for (const { install } of [...distro.batches, ...other.batches])
    for (const name of install) {
      const problem = unsupported(name, tools)
      if (problem !== undefined) faults.push(`${name.file} line ${name.line}: ${problem}`)
    }
  const { places, faults: missing } = otherPlaces(other.batches, request)
  return {
    distro: distro.batches.map((batch) => withKernelVersion(batch, request, tools)),
    other: other.batches,
    otherPlaces: places,
    faults: [...faults, ...missing],
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function unsupported({ name }: PackageName, tools: OsTools): string | undefined {
  if (tools.tool === 'apt' && name.startsWith('@'))
    return `'${name}': groups are a thing of RPM systems; write a task as ${name.replace(/^@\^?/, '')}^`
  return undefined
}

const KERNEL_PACKAGES: Readonly<Record<OsTools['tool'], RegExp>> = {
  dnf: /^kernel(-(core|modules|modules-core|modules-extra|headers|devel|tools|tools-libs|bootwrapper))?$/,
  zypper: /^kernel(-\w+)?$/,
  apt: /^linux-image-(generic|amd64|arm64|powerpc64le|virtual)\S*$/,
}

function withKernelVersion(batch: PackageBatch, request: GenimageRequest, tools: OsTools): PackageBatch {
  const { kernelVersion, rpmKernelVersion } = request
  const rename = (entry: PackageName): PackageName => {
    // On SUSE the word alone means the usual flavour.
    const name = tools.tool === 'zypper' && entry.name === 'kernel' ? 'kernel-default' : entry.name
    if (kernelVersion === undefined || !KERNEL_PACKAGES[tools.tool].test(name)) return { ...entry, name }
    if (tools.tool === 'apt') return { ...entry, name: `linux-image-${kernelVersion}` }
    return { ...entry, name: `${name}-${rpmKernelVersion ?? kernelVersion}` }
  }
  return { ...batch, install: batch.install.map(rename) }
}

/** Every directory an entry names below the local otherpkgdir; entries without one mean otherpkgdir itself and its URLs. */
function otherPlaces(
  batches: readonly PackageBatch[],
  { otherpkgdirs }: GenimageRequest,
): { readonly places: Map<string, readonly string[]>; readonly faults: readonly string[] } {
  const places = new Map<string, readonly string[]>()
  const faults: string[] = []
  const local = otherpkgdirs.filter((entry) => !isUrl(entry))
  const urls = otherpkgdirs.filter((entry) => isUrl(entry))
  if (batches.length === 0) return { places, faults }
  if (local.length > 1) faults.push(`otherpkgdir may name one directory, and URLs: ${local.join(' ')}`)
  if (otherpkgdirs.length === 0) faults.push('the image has an otherpkglist, but no otherpkgdir')
  for (const { install } of batches)
    for (const { directory, file, line } of install) {
      if (places.has(directory)) continue
      const base = local[0]
      const at = base === undefined ? undefined : join(base, directory)
      const isThere = at !== undefined && statSync(at, { throwIfNoEntry: false })?.isDirectory() === true
      if (at !== undefined && !isThere && (directory !== '' || urls.length === 0))
        faults.push(
          `${file} line ${line}: the directory ${at} does not exist: put the packages there, or correct otherpkgdir`,
        )
      const below = urls.map((url) => (directory === '' ? url : `${url.replace(/\/+$/, '')}/${directory}`))
      // A directory is one of the local place, where there is one.
      const remote = directory === '' || at === undefined ? below : []
      places.set(directory, [...(isThere ? [at] : []), ...remote])
    }
  if (urls.length > 0 && !places.has('')) places.set('', urls)
  return { places, faults }
}
