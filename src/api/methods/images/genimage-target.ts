/** Which image genimage is to build, and what the tables and the options say of it together. */
import { compileSite } from '../../../cluster/site.ts'
import { isBaseTree } from '../../../image/genimage/base-tree.ts'
import { fillImage } from '../../../tables/image-fill.ts'
import { canonicalArch } from '../../../tables/os-names.ts'
import { cell, enabledRows, splitList, type TablesView } from '../../../tables/row.ts'
import { OperatorError } from '../../errors.ts'
import type { MethodParams } from '../../params.ts'
import { unknownName } from '../../suggest.ts'
import { fileSearch, thisMachine } from '../objects/this-machine.ts'

export type GenimageParams = MethodParams['image.genimage']
type Attributes = Readonly<Record<string, string>>

export interface Target {
  readonly name: string
  /** Columns of osimage and linuximage, options put in. */
  readonly attributes: Attributes
  readonly installdir: string
  /** Image → what is written into its definition when it is built. */
  readonly saves: ReadonlyMap<string, Attributes>
}

const TABLES = ['osimage', 'linuximage'] as const

/** @throws OperatorError in xCAT's words */
export function findTarget(view: TablesView, params: GenimageParams): Target {
  const installdir = compileSite(view, []).installdir
  const given = givenAttributes(params)
  return params.image === undefined
    ? targetByProfile(view, params, given, installdir)
    : targetByName(view, params, params.image, given, installdir)
}

/** Option → attribute it overrides. */
function givenAttributes(params: GenimageParams): Attributes {
  const pairs: readonly (readonly [string, string | undefined])[] = [
    ['nodebootif', params.bootInterface],
    ['otherifce', params.otherInterfaces],
    ['netdrivers', params.drivers],
    ['kernelver', params.kernelVersion],
    ['krpmver', params.rpmKernelVersion],
    ['kerneldir', params.kernelDir],
    ['permission', params.permission],
  ]
  return Object.fromEntries(pairs.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])))
}

function targetByName(
  view: TablesView,
  params: GenimageParams,
  name: string,
  given: Attributes,
  installdir: string,
): Target {
  if (params.osvers !== undefined || params.arch !== undefined || params.profile !== undefined)
    throw new OperatorError('LB_USAGE', '-o, -p and -a options are not allowed when a image name is specified.')
  const rows = readImage(view, name)
  if (rows.osimage === undefined) {
    const names = enabledRows(view, 'osimage').map((row) => cell(row, 'imagename'))
    throw unknownName('LB_NO_IMAGE', `Cannot find image '${name}' from the osimage table.`, name, names)
  }
  if (rows.linuximage === undefined)
    throw new OperatorError(
      'LB_NO_IMAGE',
      `Cannot find ${name} from the linuximage table.`,
      `Give it packages: chdef -t osimage ${name} pkglist=… pkgdir=…`,
    )
  const now = { ...rows.linuximage, ...rows.osimage }
  if (['osvers', 'osarch', 'profile', 'provmethod'].some((column) => !now[column]))
    throw new OperatorError(
      'LB_BAD_INPUT',
      `osimage.osvers, osimage.osarch, osimage.profile and osimage.provmethod must be specified for the image ${name} in the database.`,
    )
  if (now.provmethod !== 'netboot' && now.provmethod !== 'statelite')
    throw new OperatorError(
      'LB_BAD_INPUT',
      `'${name}' cannot be used to build diskless image. Make sure osimage.provmethod is 'netboot'.`,
      `chdef -t osimage ${name} provmethod=statelite (or netboot)`,
    )
  const attributes = withDefaults({ ...now, ...given }, installdir)
  const isTree = splitList(attributes.pkgdir ?? '').some(isBaseTree)
  if (!attributes.pkglist && !isTree)
    throw new OperatorError(
      'LB_BAD_INPUT',
      `A .pkglist file must be specified for image '${name}' in the linuximage table.`,
      `chdef -t osimage ${name} pkglist=<file>`,
    )
  const limit = params.rootLimit === undefined ? {} : { addkcmdline: withRootLimit(now.addkcmdline, params.rootLimit) }
  const found = now.rootimgdir ? {} : { rootimgdir: attributes.rootimgdir ?? '' }
  return { name, attributes, installdir, saves: new Map([[name, { ...given, ...limit, ...found }]]) }
}

function targetByProfile(view: TablesView, params: GenimageParams, given: Attributes, installdir: string): Target {
  const machine = thisMachine()
  const { osvers = machine.osvers, profile } = params
  const osarch = canonicalArch(params.arch ?? machine.osarch)
  if (!profile) throw new OperatorError('LB_USAGE', 'Name the image, or give its profile with -p.')
  const search = fileSearch(installdir)
  const saves = new Map<string, Attributes>()
  let attributes: Attributes = {}
  for (const provmethod of ['netboot', 'statelite']) {
    const name = `${osvers}-${osarch}-${provmethod}-${profile}`
    const rows = readImage(view, name)
    const now = { ...rows.linuximage, ...rows.osimage }
    const known = Object.entries({ ...now, osvers, osarch, profile, provmethod, ...given })
    const filled = fillImage(new Map(known), machine, search)
    if ('fault' in filled) throw new OperatorError('LB_BAD_INPUT', filled.fault)
    attributes = Object.fromEntries(filled.attributes)
    const limit =
      params.rootLimit === undefined ? {} : { addkcmdline: withRootLimit(attributes.addkcmdline, params.rootLimit) }
    const changed = Object.entries({ ...attributes, ...limit }).filter(([column, value]) => now[column] !== value)
    saves.set(name, Object.fromEntries(changed))
  }
  if (!attributes.pkglist)
    throw new OperatorError(
      'LB_BAD_INPUT',
      `there is no package list of the profile ${profile} for ${osvers} on ${osarch}`,
      `Put one into ${installdir}/custom/netboot, or define an image with mkdef and name it.`,
    )
  return { name: `${osvers}-${osarch}-statelite-${profile}`, attributes, installdir, saves }
}

function withDefaults(attributes: Attributes, installdir: string): Attributes {
  const { osvers = '', osarch = '', profile = '' } = attributes
  const set = Object.entries(attributes).filter(([, value]) => value !== '')
  return {
    pkgdir: `${installdir}/${osvers}/${osarch}`,
    otherpkgdir: `${installdir}/post/otherpkgs/${osvers}/${osarch}`,
    rootimgdir: `${installdir}/netboot/${osvers}/${osarch}/${profile}`,
    kerneldir: `${installdir}/kernels`,
    ...Object.fromEntries(set),
  }
}

/** A default on the kernel command line: nodes read it there. */
function withRootLimit(words: string | undefined, limit: string): string {
  const others = (words ?? '').split(/\s+/).filter((word) => word !== '' && !word.startsWith('rootlimit='))
  return [...others, `rootlimit=${limit}`].join(' ')
}

function readImage(view: TablesView, name: string): Partial<Record<(typeof TABLES)[number], Record<string, string>>> {
  return Object.fromEntries(
    TABLES.flatMap((table) => {
      const row = enabledRows(view, table).find((each) => cell(each, 'imagename') === name)
      if (row === undefined) return []
      const set = Object.entries(row).flatMap(([column, value]) => (value ? [[column, value] as const] : []))
      return [[table, Object.fromEntries(set)]]
    }),
  )
}
