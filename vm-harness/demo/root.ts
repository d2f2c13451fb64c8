/** The root file system of all rehearsals: built once on a machine, copied for each. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** Kept between runs; `build-root.sh` builds it again when its packages or the recipe change. */
const CACHE = '/var/tmp/liteboot-root'

/** Of all rehearsals together: one build is quicker than many small ones. */
const PACKAGES = ['chrony', 'cron', 'dracut-core', 'e2fsprogs', 'fdisk', 'parted', 'xfsprogs', 'zstd']

/** Whoever rehearses with one of these starts it. */
const QUIET = ['chrony', 'cron']

/**
 * A pristine tree at `<rootimgdir>/rootimg`, and nothing else there.
 * @param services of chrony and cron, which are switched on
 */
export function placeRoot(rootimgdir: string, services: readonly string[] = []): void {
  const script = join(import.meta.dirname, 'build-root.sh')
  execFileSync('sh', [script, CACHE, PACKAGES.join(',')], { stdio: ['ignore', 'inherit', 'inherit'] })
  rmSync(rootimgdir, { recursive: true, force: true })
  mkdirSync(rootimgdir, { recursive: true })
  const root = join(rootimgdir, 'rootimg')
  execFileSync('cp', ['-a', '--reflink=auto', join(CACHE, 'rootimg'), root])
  for (const service of QUIET.filter((name) => !services.includes(name))) {
    const wanted = join(root, 'etc/systemd/system/multi-user.target.wants', `${service}.service`)
    if (!existsSync(join(root, 'lib/systemd/system', `${service}.service`)))
      throw new Error(`${service} is not in the root file system`)
    rmSync(wanted, { force: true })
  }
}
