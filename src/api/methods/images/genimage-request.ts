/** Attributes and options → what the image room is asked to build; files the lists name are looked for here. */
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { parsePostinstall } from '../../../image/genimage/postinstall.ts'
import type { GenimageRequest } from '../../../image/genimage/request.ts'
import { splitList } from '../../../tables/row.ts'
import { OperatorError } from '../../errors.ts'
import type { GenimageParams, Target } from './genimage-target.ts'

const SCRIPTS = join(import.meta.dirname, '../../../../initrd-scripts')

export interface Surroundings {
  readonly rootPassword: GenimageRequest['rootPassword']
  readonly aptMirror: string | undefined
}

/** @throws OperatorError naming a list that does not exist, or an option without sense */
export function compileRequest(
  { name, attributes, installdir }: Target,
  params: GenimageParams,
  { rootPassword, aptMirror }: Surroundings,
): GenimageRequest {
  const list = (column: string) => splitList(attributes[column] ?? '')
  const pkglists = list('pkglist')
  const otherpkglists = list('otherpkglist')
  for (const [kind, files] of [
    ['pkglist', pkglists],
    ['otherpkglist', otherpkglists],
  ] as const) {
    for (const file of files)
      if (!isReadable(file)) throw new OperatorError('LB_BAD_INPUT', `The ${kind} specified '${file}' does not exist!`)
  }
  checkSizes(params)
  checkVersion(attributes.kernelver)
  checkVersion(attributes.krpmver)
  const drivers = list('netdrivers')
    .map((driver) => driver.replace(/\.ko$/, ''))
    .filter((driver) => driver !== 'allupdate')
  const word = (key: keyof GenimageRequest, value: string | undefined) => (value ? { [key]: value } : {})
  return {
    image: name,
    dest: attributes.rootimgdir ?? '',
    os: attributes.osvers ?? '',
    arch: attributes.osarch ?? '',
    profile: attributes.profile ?? '',
    provmethod: attributes.provmethod === 'netboot' ? 'netboot' : 'statelite',
    pkgdirs: list('pkgdir'),
    otherpkgdirs: list('otherpkgdir'),
    pkglists,
    otherpkglists,
    postinstall: parsePostinstall(attributes.postinstall ?? ''),
    environment: environmentOf(attributes.environvar ?? ''),
    ...word('aptMirror', aptMirror),
    ...word('kernelVersion', attributes.kernelver),
    ...word('rpmKernelVersion', attributes.krpmver),
    ...word('kernelDir', attributes.kerneldir),
    ...(drivers.length > 0 ? { drivers } : {}),
    driverUpdates: list('driverupdatesrc'),
    ...word('bootInterface', attributes.nodebootif),
    otherInterfaces: list('otherifce'),
    ...word('tmpSize', params.tmpSize),
    update: params.noUpdate !== true,
    onlyInitrd: params.onlyInitrd === true,
    cross: params.cross ?? 'emulate',
    rootPassword,
    scripts: SCRIPTS,
    busyboxDirectory: join(installdir, 'busybox'),
  }
}

function checkSizes({ tmpSize, rootLimit, permission }: GenimageParams): void {
  for (const [option, value] of [
    ['-t', tmpSize],
    ['-l', rootLimit],
  ] as const)
    if (value !== undefined && !/^[1-9]\d*[kmg%]?$/i.test(value))
      throw new OperatorError('LB_USAGE', `${option} ${value} is no size: write 512m, 4g or 50%`)
  if (permission !== undefined && !/^[0-7]{3,4}$/.test(permission))
    throw new OperatorError('LB_USAGE', `--permission ${permission} is no octal mode: write 755 or 1777`)
}

/** Becomes part of package names and paths. */
function checkVersion(version: string | undefined): void {
  if (version !== undefined && !/^[A-Za-z0-9][\w.+~-]*$/.test(version))
    throw new OperatorError('LB_BAD_INPUT', `'${version}' is no kernel version: write it as uname -r says it`)
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false
  }
}

/** `A=1,B=2` */
function environmentOf(text: string): Record<string, string> {
  return Object.fromEntries(
    splitList(text).flatMap((item) => {
      const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/.exec(item) ?? []
      return name === undefined || value === undefined ? [] : [[name, value] as const]
    }),
  )
}
