/** How a kernel of an image was configured, where its package says so: `/boot/config-V` (all), `/lib/modules/V/config` (EL, Fedora). */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { resolveInside } from '../liteimg/confined.ts'

export async function kernelConfig(rootimg: string, version: string): Promise<string | undefined> {
  for (const place of [`boot/config-${version}`, `lib/modules/${version}/config`]) {
    const real = await resolveInside(rootimg, place)
    const text = real === undefined ? undefined : await readFile(join(rootimg, real), 'utf8').catch(() => undefined)
    if (text !== undefined) return text
  }
  return undefined
}
