/** kill -9 before every single change of DEST: what nodes boot is whole at every moment, and the next run ends as any other. */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { currentPlace } from '../../src/image/generations/layout.ts'
import { openGenerationStates } from '../../src/image/generations/states.ts'
import { openImageFiles } from '../../src/image/image-files.ts'
import { file, makeWorkplace, readTree } from './image-tree.ts'

const LOOP = join(import.meta.dirname, 'generations-loop.ts')

function newDest(): string {
  const dest = makeWorkplace([file('etc/motd', 'one'), file('usr/bin/tool', 'tool', 0o755)])
  writeFileSync(join(dest, 'kernel'), 'kernel one')
  writeFileSync(join(dest, 'initrd-statelite.gz'), 'initrd')
  return dest
}

function run(dest: string, killBefore: number) {
  const { signal, status, stdout, stderr } = spawnSync(process.execPath, [LOOP, dest, String(killBefore)], {
    encoding: 'utf8',
  })
  return { signal, status, steps: Number(stdout), stderr }
}

/** What a node would boot at this moment: kernel and tree of one generation, or nothing. */
function bootable(dest: string): string {
  const generation = openGenerationStates()(dest)
  const { find } = openImageFiles()
  const image = { name: 'x', rootimgdir: dest }
  const kernel = find(image, 'kernel', generation?.number)
  const initrd = find(image, 'initrd', generation?.number)
  if ('fault' in kernel || 'fault' in initrd) return 'no kernel or initrd'
  const rootimg = generation?.rootimg ?? currentPlace(dest).rootimg
  const motd = readFileSync(join(rootimg, 'etc/motd'), 'utf8')
  const tool = readFileSync(join(rootimg, 'usr/bin/tool'), 'utf8')
  return `${readFileSync(kernel.path, 'utf8')}, ${motd}, ${tool}`
}

/** Without what differs between any two runs: times, and numbers of generations that were begun once more. */
function outcome(dest: string): object {
  const { number } = currentPlace(dest)
  return {
    boots: bootable(dest),
    tree: Object.entries(readTree(currentPlace(dest).rootimg)).map(([path, what]) => [
      path,
      what.replace(/ \d{19}/, ''),
    ]),
    names: readdirSync(dest).sort(),
    generations: readdirSync(join(dest, 'generations')).map((name) => (name === String(number) ? 'n' : name)),
    files: readdirSync(join(dest, 'generations', String(number))).sort(),
  }
}

test('killed before any single change: bootable, and the next run ends as one that was never disturbed', (t) => {
  t.timeout(600_000)
  const undisturbed = newDest()
  const { steps, status, stderr } = run(undisturbed, 0)
  t.is(status, 0, stderr)
  t.true(steps > 30, `${steps} steps`)
  const expected = outcome(undisturbed)
  const seen = new Set<string>()
  for (let step = 1; step <= steps; step++) {
    const dest = newDest()
    t.is(run(dest, step).signal, 'SIGKILL', `step ${step}`)
    const boots = bootable(dest)
    seen.add(boots)
    t.regex(boots, /^kernel (one|two|three), \1, tool$/, `step ${step}`)
    const again = run(dest, 0)
    t.is(again.status, 0, `step ${step}: ${again.stderr}`)
    t.deepEqual(outcome(dest), expected, `step ${step}`)
  }
  t.is(seen.size, 3)
})
