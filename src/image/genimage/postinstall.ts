/** The image's own scripts: run here as root, not in the tree, with the tree's /proc, /dev and /run still mounted. */
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import type { GenimageRequest, ScriptCall } from './request.ts'
import type { CommandStep } from './steps.ts'

/**
 * Arguments: the tree, OS, architecture, profile, then what stands behind the script in linuximage.postinstall. Of the
 * variables only those that have a value are set. IMG_ROOTIMGDIR is the tree itself, as scripts for xCAT expect.
 */
export function planPostinstall(
  request: GenimageRequest,
  root: string,
  work: string,
  kernelVersion: string | undefined,
): CommandStep[] {
  const variables: Readonly<Record<string, string | undefined>> = {
    IMG_NAME: request.image,
    IMG_ARCH: request.arch,
    IMG_OSVER: request.os,
    IMG_PROFILE: request.profile,
    IMG_KERNELVERSION: kernelVersion,
    IMG_PKGLIST: request.pkglists.join(','),
    IMG_PKGDIR: request.pkgdirs.join(','),
    IMG_OTHERPKGLIST: request.otherpkglists.join(','),
    IMG_OTHERPKGDIR: request.otherpkgdirs.join(','),
    IMG_ROOTIMGDIR: root,
    IMG_WORKDIR: work,
  }
  const environment = Object.fromEntries(
    Object.entries(variables).filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== ''),
  )
  return request.postinstall.map(({ path, args }) => ({
    kind: 'command',
    what: `postinstall script ${path}`,
    words: [path, root, request.os, request.arch, request.profile, ...args],
    environment,
  }))
}

/** `DIR/demo.postinstall --tune hpc,DIR/second` */
export function parsePostinstall(cell: string): ScriptCall[] {
  return cell.split(',').flatMap((call) => {
    const [path, ...args] = call.trim().split(/\s+/)
    return path === undefined || path === '' ? [] : [{ path, args }]
  })
}

export async function postinstallFaults(scripts: readonly ScriptCall[]): Promise<string[]> {
  const faults: string[] = []
  for (const { path } of scripts) {
    if (!path.startsWith('/')) faults.push(`the postinstall script '${path}' is not an absolute path`)
    else if (await isMissing(path, constants.R_OK))
      faults.push(`the postinstall script ${path} does not exist or cannot be read`)
    else if (await isMissing(path, constants.X_OK))
      faults.push(`the postinstall script ${path} is not executable: chmod +x ${path}`)
  }
  return faults
}

async function isMissing(path: string, mode: number): Promise<boolean> {
  try {
    await access(path, mode)
    return false
  } catch {
    return true
  }
}
