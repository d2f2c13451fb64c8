/** Firmware files that the chosen modules name in their modinfo, as far as the image has them. */
import { join } from 'node:path'
import { lstatOrMissing, resolveInside } from '../liteimg/confined.ts'
import { readPlain } from './decompress.ts'

export interface FirmwareFiles {
  /** By name below /lib/firmware. */
  readonly found: ReadonlyMap<string, Buffer>
  /** Named by a module but not in the image: its device may not work. Sorted. */
  readonly missing: readonly string[]
}

export async function collectFirmware(
  rootimg: string,
  kernelVersion: string,
  names: Iterable<string>,
): Promise<FirmwareFiles> {
  const found = new Map<string, Buffer>()
  const missing: string[] = []
  for (const name of [...new Set(names)].sort()) {
    // modinfo is text of the image: it must not name its way out of /lib/firmware.
    if (name.startsWith('/') || name.split('/').includes('..') || name.includes('*')) continue
    const bytes = await readFirmware(rootimg, kernelVersion, name)
    if (bytes === undefined) missing.push(name)
    else found.set(name, bytes)
  }
  return { found, missing }
}

/** The kernel's own search order (drivers/base/firmware_loader), compressed forms after the plain one. */
async function readFirmware(rootimg: string, kernelVersion: string, name: string): Promise<Buffer | undefined> {
  const places = [`updates/${kernelVersion}`, 'updates', kernelVersion, '']
  for (const place of places) {
    for (const suffix of ['', '.zst', '.xz']) {
      const real = await resolveInside(rootimg, `lib/firmware/${place}/${name}${suffix}`)
      if (real === undefined) continue
      const path = join(rootimg, real)
      if (!(await lstatOrMissing(path))?.isFile()) continue
      const bytes = await readPlain(path)
      return bytes
    }
  }
  return undefined
}
