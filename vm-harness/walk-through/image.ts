/** The walk-through itself; called by image.sh. */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openLab } from '../lab.ts'
import { CleanUps, startServer } from '../liteboot.ts'
import { makeMedium } from '../media/medium.ts'
import { bootAndLook } from './image-boot.ts'
import { buildSteps, liteSteps, ramdiskSteps } from './image-build.ts'
import { holdEmulator } from './image-emulator.ts'
import { judge, say, verdict } from './image-judge.ts'
import { definitionSteps, mediaSteps, SERVER, type Step, siteSteps, walkOf } from './image-setup.ts'
import { type AdminShell, openAdminShell } from './image-shell.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { keep: { type: 'boolean', default: false }, build: { type: 'boolean', default: false } },
})
const arch = positionals.find((word) => word === 'x86_64' || word === 'ppc64le') ?? 'x86_64'
const family = positionals.find((word) => word === 'rpm' || word === 'debian') ?? 'rpm'
if (positionals.some((word) => word !== arch && word !== family)) {
  process.stderr.write('usage: image.sh [x86_64|ppc64le] [rpm|debian] [--build] [--keep]\n')
  process.exit(2)
}

async function type(shell: AdminShell, steps: readonly Step[]): Promise<void> {
  for (const { line, answer, isQuiet = false } of steps) {
    const { text, status } = await shell.run(line, { isQuiet })
    if (status !== 0) throw new Error(`exit status ${status}: ${line}\n${text.slice(-3000)}`)
    if (answer !== undefined) judge('as expected', answer, text)
  }
}

async function walkThrough(cleanUps: CleanUps, directory: string): Promise<void> {
  const walk = walkOf(family, arch)
  say(`media for ${arch}, ${family}`)
  const medium = await makeMedium(family, arch, { onProgress: say })
  const state = join(directory, 'state')
  mkdirSync(join(directory, 'install/lite/compute/etc'), { recursive: true })
  mkdirSync(join(directory, 'install/persistent'))
  mkdirSync(state, { mode: 0o700 })
  const shell = openAdminShell(directory, state, {
    '/install': join(directory, 'install'),
    '/isos': join(medium.iso, '..'),
    '/opt/liteboot': join(import.meta.dirname, '../..'),
  })
  if (arch === 'ppc64le') {
    const emulator = await holdEmulator()
    cleanUps.add(() => emulator.close())
  }
  const lab = await openLab(`${SERVER}/16`)
  cleanUps.add(() => lab.close())
  await type(shell, siteSteps(walk).slice(0, 1))
  const server = await startServer(lab, state, join(directory, 'server.log'))
  cleanUps.add(() => server.close())

  say('the site, the media')
  await type(shell, siteSteps(walk).slice(1))
  await type(shell, mediaSteps(walk))
  say('the definition and its lists')
  await type(shell, definitionSteps(walk))
  say('the image')
  await type(shell, buildSteps(walk))
  say('what is writable, and the root read-only')
  await type(shell, liteSteps(walk))
  const boot = { walk, lab, shell, directory, cleanUps, isBooted: !values.build }
  await bootAndLook(boot, 'nfs')
  say('the root in memory')
  await type(shell, ramdiskSteps(walk))
  await bootAndLook(boot, 'ramdisk')
}

const directory = `/var/tmp/liteboot-walk-through-${arch}-${family}`
rmSync(directory, { recursive: true, force: true })
mkdirSync(directory, { recursive: true })
const cleanUps = new CleanUps()
let failure: unknown
try {
  await walkThrough(cleanUps, directory)
} catch (error) {
  failure = error
}
await cleanUps.run()
if (!verdict(failure)) process.exitCode = 1
else if (!values.keep) rmSync(directory, { recursive: true, force: true })
