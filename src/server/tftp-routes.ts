/** What TFTP clients find under which name, in the order in which it is looked for. */
import { existsSync, realpathSync } from 'node:fs'
import { loaderFor, missingLoader } from '../boot/loader-files.ts'
import type { Cluster } from '../cluster/model.ts'
import { diskRoute, type TftpRoute } from '../tftp/routes.ts'
import type { Blobs } from './blobs.ts'
import type { BootFiles } from './boot-files.ts'
import type { DiscoveryEfi } from './discovery-efi.ts'
import type { EfiFiles } from './efi-files.ts'
import { grubProgramFile, missingGrubProgram } from './grub-program.ts'

export interface TftpRouteParts {
  readonly cluster: Cluster
  readonly bootFiles: BootFiles
  readonly blobs: Blobs
  readonly efiFiles: EfiFiles
  readonly discoveryEfi?: DiscoveryEfi
}

/** RFC 1350 §5: file not found. */
const NOT_FOUND = 1

/** Debian's ipxe.efi is a link into /boot, and what is read by TFTP must be no link. */
export function packageLoader(
  name: string,
  find: (name: string) => string | undefined = (wanted) => loaderFor(wanted, existsSync),
): string | undefined {
  const path = find(name)
  try {
    return path && realpathSync(path)
  } catch {
    return undefined
  }
}

export function tftpRoutes({ cluster, bootFiles, blobs, efiFiles, discoveryEfi }: TftpRouteParts): TftpRoute[] {
  return [
    (name, client) => {
      const found = bootFiles.textFor(name, client.ip)
      return found && { kind: 'bytes', data: Buffer.from(found.text) }
    },
    // A file of the same name in the site's own directory goes before the packages' loaders.
    (name, client) => diskRoute(cluster.current.site.tftpdir)(name, client),
    async (name, client) => {
      const path = await efiFiles.find(name, client.ip, 'tftp')
      return path === undefined ? undefined : { kind: 'file', path }
    },
    (name) => {
      const snapshot = cluster.current
      const path = packageLoader(name) ?? grubProgramFile(name, snapshot) ?? blobs.resolve(name, snapshot)
      return path === undefined ? undefined : { kind: 'file', path }
    },
    async (name, client) => {
      const path = await discoveryEfi?.find(name, client.ip, 'tftp')
      return path === undefined ? undefined : { kind: 'file', path }
    },
    // On the console of the node, and in its timeline.
    (name, client) => {
      const snapshot = cluster.current
      const message =
        discoveryEfi?.whyNot(name, client.ip) ??
        missingLoader(name) ??
        missingGrubProgram(name, snapshot) ??
        blobs.whyNot(name, snapshot)
      return message === undefined ? undefined : { kind: 'refused', code: NOT_FOUND, message }
    },
  ]
}
