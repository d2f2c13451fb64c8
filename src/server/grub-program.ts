/** `boot/grub2/grub2-<node>` for POWER machines: xCAT's link to the one program, answered without a link. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DISCOVERY_NAME } from '../boot/discovery.ts'
import { bootStateOf } from '../boot/state.ts'
import type { Snapshot } from '../cluster/model.ts'
import { CORE_PROGRAM, GRUB_PROGRAM } from '../image/grub/make.ts'

/** undefined: not such a name, no POWER node, or a node that is to go on with its next boot device; or the program is missing. */
export function grubProgramFile(path: string, snapshot: Snapshot): string | undefined {
  if (!isGrubProgram(path, snapshot)) return undefined
  const { tftpdir } = snapshot.site
  return [GRUB_PROGRAM, CORE_PROGRAM].map((each) => join(tftpdir, each)).find((each) => existsSync(each))
}

/** What to tell a POWER node that asks for a program that is not there; undefined: it is no such name. */
export function missingGrubProgram(path: string, snapshot: Snapshot): string | undefined {
  if (!isGrubProgram(path, snapshot)) return undefined
  return `GRUB for POWER (${GRUB_PROGRAM} in site.tftpdir) is missing: run liteboot grub make`
}

function isGrubProgram(path: string, snapshot: Snapshot): boolean {
  const name = /^\/*(?:tftpboot\/)?boot\/grub2\/grub2-([^/]+)$/.exec(path)?.[1]
  if (name === DISCOVERY_NAME) return true
  const node = name === undefined ? undefined : snapshot.node(name)
  const image = node?.imageName === undefined ? undefined : snapshot.images.get(node.imageName)
  if (node === undefined || !(node.arch ?? image?.osarch ?? '').startsWith('ppc64')) return false
  return !['disk', 'none'].includes(bootStateOf(node))
}
