/** GRUB's modules for POWER that find their network card, built once on a machine. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/** Kept between runs; `build-modules.sh` builds it again when its recipe or Debian's package changes. */
const CACHE = '/var/tmp/liteboot-grub'

/** @returns the directory for `liteboot grub make --from` */
export function mendedModules(): string {
  execFileSync('sh', [join(import.meta.dirname, 'build-modules.sh'), CACHE], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  return CACHE
}
