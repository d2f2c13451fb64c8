/** One RPM package as rpmbuild reads it. The files are those of a tree that is complete. */

export interface SpecFile {
  readonly kind: 'directory' | 'file' | 'link'
  readonly path: string
  /** Octal: `4755`. */
  readonly mode: string
  readonly user: string
  readonly group: string
  readonly isConfig: boolean
}

export interface RpmPackage {
  readonly name: string
  readonly epoch: string
  readonly version: string
  readonly release: string
  readonly arch: 'x86_64' | 'ppc64le' | 'noarch'
  readonly summary: string
  readonly requires: readonly string[]
  readonly provides: readonly string[]
  /** Section → script: `post`, `posttrans`; what needs to be there before is in `requiresFor`. */
  readonly scripts: Readonly<Partial<Record<'pre' | 'post' | 'posttrans', string>>>
  readonly requiresFor: Readonly<Partial<Record<'pre' | 'post' | 'posttrans', readonly string[]>>>
  readonly files: readonly SpecFile[]
}

/** @param stage the tree with the package's files; it is used up */
export function renderSpec(made: RpmPackage, stage: string): string {
  const lines = [
    '%global debug_package %{nil}',
    '%global __os_install_post %{nil}',
    '%global _build_id_links none',
    '%global _binaries_in_noarch_packages_terminate_build 0',
    '%global _binary_payload w1.gzdio',
    // Packages are the same whenever and wherever they are made.
    '%global _buildhost media.example.org',
    '%global clamp_mtime_to_source_date_epoch 1',
    'AutoReqProv: no',
    `Name: ${made.name}`,
    ...(made.epoch === '0' ? [] : [`Epoch: ${made.epoch}`]),
    `Version: ${made.version}`,
    `Release: ${made.release}`,
    `Summary: ${made.summary.replaceAll('%', '%%')}`,
    'License: see its copyright file',
    ...made.requires.map((name) => `Requires: ${name}`),
    ...Object.entries(made.requiresFor).flatMap(([when, names]) => names.map((name) => `Requires(${when}): ${name}`)),
    ...made.provides.map((name) => `Provides: ${name}`),
    '%description',
    'Made from a Debian package.',
    '%install',
    ...(made.files.length > 0 ? [`mv -t %{buildroot} ${stage}/*`] : []),
    ...Object.entries(made.scripts).flatMap(([when, script]) => [`%${when}`, script.trim().replaceAll('%', '%%')]),
    '%files',
    ...made.files.map(renderFile),
  ]
  return `${lines.join('\n')}\n`
}

export function renderFile({ kind, path, mode, user, group, isConfig }: SpecFile): string {
  // rpmbuild reads patterns here, and has no way to write their letters as such: ? stands for any one of them.
  const pattern = path.replace(/[*?[\]{}\\"]/g, '?').replaceAll('%', '%%')
  const attributes = `%attr(${kind === 'link' ? '-' : mode}, ${user}, ${group})`
  const words = [kind === 'directory' ? '%dir' : '', isConfig ? '%config(noreplace)' : '', attributes, `"${pattern}"`]
  return words.filter((word) => word !== '').join(' ')
}
