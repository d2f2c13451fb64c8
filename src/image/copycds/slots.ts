/** Links between the slots of SUSE media: from a slot to another, and from the usual place to where `-p` put it. */
import { mkdir, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { lstatOrMissing } from '../liteimg/confined.ts'
import type { Medium } from '../media/medium.ts'

/** @returns links that could not be made, because something else is there */
export async function linkSlots(
  { slot, otherSlot }: Pick<Medium, 'slot' | 'otherSlot'>,
  directory: string,
  usual: string,
): Promise<readonly string[]> {
  if (slot === undefined) return []
  const links: [path: string, target: string][] = []
  if (otherSlot !== undefined) links.push([join(directory, otherSlot), slot])
  if (directory !== usual) links.push([join(usual, slot), join(directory, slot)])
  const warnings: string[] = []
  for (const [path, target] of links)
    if (!(await placeLink(path, target))) warnings.push(`${path} is no link: left as it is`)
  return warnings
}

async function placeLink(path: string, target: string): Promise<boolean> {
  const there = await lstatOrMissing(path)
  if (there && !there.isSymbolicLink()) return false
  await mkdir(join(path, '..'), { recursive: true })
  const next = `${path}.copycds-new`
  await rm(next, { force: true })
  await symlink(target, next)
  await rename(next, path)
  return true
}
