/** The GRUB program for Open Firmware: there, and able to find a network card. */
import { join } from 'node:path'
import { CORE_PROGRAM, GRUB_DIRECTORY, GRUB_PROGRAM } from '../../../image/grub/make.ts'
import { type GrubProgram, readGrubProgramFile } from '../../../image/grub/program.ts'
import type { Machine } from './machine.ts'
import type { CheckReport } from './report.ts'

export { GRUB_PROGRAM }

/** @param nodes whose firmware is told to load it */
export function checkPowerLoaders(
  nodes: readonly string[],
  firmware: string,
  tftpdir: string,
  machine: Machine,
  report: CheckReport,
): void {
  const programs = new Map<string, GrubProgram | undefined>()
  for (const node of nodes) {
    // As the server looks for it.
    const names = [`${GRUB_DIRECTORY}/grub2-${node}`, GRUB_PROGRAM, CORE_PROGRAM]
    const name = names.find((each) => machine.isReadable(join(tftpdir, each)))
    if (name === undefined) {
      const message = `missing, and needed by nodes with ${firmware}`
      report.add('error', 'no-loader', `loader ${GRUB_PROGRAM}`, message, 'liteboot grub make', { name: node })
      continue
    }
    const path = join(tftpdir, name)
    if (!programs.has(path)) programs.set(path, readGrubProgramFile(path))
    const program = programs.get(path)
    const about = (message: string) =>
      report.add('error', 'bad-loader', `loader ${name}`, message, 'liteboot grub make', { name: node })
    if (program === undefined) about('no GRUB program for Open Firmware')
    else if (program.networkDriver === 'finds-no-card')
      about('its network driver finds no card: it was made from modules that a security patch of 2025 broke')
  }
}
