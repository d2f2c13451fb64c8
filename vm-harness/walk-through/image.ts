/** The walk-through itself; called by image.sh. */
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { holdEmulator } from '../foreign/emulator.ts'
import { makeMedium } from '../media/medium.ts'
import { type Rehearsal, rehearse } from '../rehearsal.ts'
import { bootAndLook } from './image-boot.ts'
import { buildSteps, liteSteps, ramdiskSteps } from './image-build.ts'
import { definitionSteps, mediaSteps, SERVER, type Step, siteSteps, walkOf } from './image-setup.ts'
import { type AdminShell, openAdminShell } from './image-shell.ts'

const { positionals: words } = parseArgs({
  allowPositionals: true,
  options: { directory: { type: 'string' }, keep: { type: 'boolean' }, results: { type: 'string' } },
})
const arch = words.find((word) => word === 'x86_64' || word === 'ppc64le') ?? 'x86_64'
const family = words.find((word) => word === 'rpm' || word === 'debian') ?? 'rpm'
/** Everything but the virtual machines. */
const isBuildOnly = words.includes('build')
if (words.some((word) => ![arch, family, 'build'].includes(word))) {
  process.stderr.write('usage: image.sh [x86_64|ppc64le] [rpm|debian] [build] [--keep] [--directory DIR]\n')
  process.exit(2)
}

async function walkThrough(rehearsal: Rehearsal): Promise<void> {
  const walk = walkOf(family, arch)
  rehearsal.say(`media for ${arch}, ${family}`)
  const medium = await makeMedium(family, arch, { onProgress: (text) => rehearsal.say(text) })
  const { directory, state } = rehearsal
  rehearsal.begin('install', 'bin')
  mkdirSync(join(directory, 'install/lite/compute/etc'), { recursive: true })
  mkdirSync(join(directory, 'install/persistent'))
  const shell = openAdminShell(directory, state, {
    '/install': join(directory, 'install'),
    '/isos': dirname(medium.iso),
    '/opt/liteboot': join(import.meta.dirname, '../..'),
  })
  const type = (steps: readonly Step[]) => typeAll(rehearsal, shell, steps)

  await type(siteSteps(walk))
  if (arch === 'ppc64le') {
    const emulator = await holdEmulator('ppc64le')
    rehearsal.cleanUps.add(() => emulator.close())
  }
  const lab = await rehearsal.open(`${SERVER}/16`)
  rehearsal.say('the media')
  await type(mediaSteps(walk))
  rehearsal.say('the definition and its lists')
  await type(definitionSteps(walk))
  rehearsal.say('the image')
  await type(buildSteps(walk))
  rehearsal.say('what is writable, and the root read-only')
  await type(liteSteps(walk))
  if (!isBuildOnly) await bootAndLook({ rehearsal, walk, lab, shell }, 'nfs')
  rehearsal.say('the root in memory')
  await type(ramdiskSteps(walk))
  if (!isBuildOnly) await bootAndLook({ rehearsal, walk, lab, shell }, 'ramdisk')
}

async function typeAll(rehearsal: Rehearsal, shell: AdminShell, steps: readonly Step[]): Promise<void> {
  for (const { line, answer, isQuiet = false } of steps) {
    const { text, status } = await shell.run(line, { isQuiet })
    if (status !== 0) throw new Error(`exit status ${status}: ${line}${isQuiet ? `\n${text.slice(-3000)}` : ''}`)
    if (answer !== undefined) rehearsal.judge('as expected', answer, text)
  }
}

await rehearse(`walk-through-${arch}-${family}`, walkThrough)
