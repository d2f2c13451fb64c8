/** A copy killed at any moment, and run again, comes to what an undisturbed one comes to; meanwhile nothing is half there. */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { isoOf, listTree, rhelMedium, type Tree, temporaryDirectory, writeTree } from './fake-media.ts'

const CHILD = join(import.meta.dirname, 'copy-child.ts')
const KILLS = 8

interface Ended {
  /** null: killed */
  readonly status: number | null
  readonly tookMs: number
}

function copyInChild(medium: string, destination: string, killAfterMs?: number): Promise<Ended> {
  const begunMs = performance.now()
  const child = spawn(process.execPath, [CHILD, medium, destination], { stdio: 'inherit' })
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs)
  return new Promise((resolve) =>
    child.once('close', (status) => {
      clearTimeout(timer)
      resolve({ status, tookMs: performance.now() - begunMs })
    }),
  )
}

function manyFiles(prefix: string): Tree {
  const files = Array.from({ length: 800 }, (_, index) => [`${prefix}/${index % 20}/${index}.rpm`, `${prefix}${index}`])
  return { ...rhelMedium('x86_64'), ...Object.fromEntries(files), [`${prefix}.img`]: Buffer.alloc(8 << 20, prefix) }
}

test('killed at random moments, then run again', async (t) => {
  t.timeout(240_000)
  const top = temporaryDirectory(t)
  const discs = ['one', 'two'].map((name) => {
    writeTree(join(top, name), manyFiles(name))
    isoOf(join(top, `${name}.iso`), join(top, name))
    return join(top, `${name}.iso`)
  })
  const [first = '', second = ''] = discs
  const undisturbed = join(top, 'undisturbed/os')
  t.is((await copyInChild(first, undisturbed)).status, 0)
  const afterFirst = listTree(undisturbed)
  const undisturbedRun = await copyInChild(second, undisturbed)
  t.is(undisturbedRun.status, 0)
  const afterSecond = listTree(undisturbed)
  t.notDeepEqual(afterFirst, afterSecond)

  // A busy machine is slow at one time and fast at another: what ended before its kill says how soon the next has to come.
  let usualMs = undisturbedRun.tookMs
  let killed = 0
  const seen = { before: 0, after: 0 }
  const place = join(top, 'disturbed/os')
  for (let round = 0; killed < KILLS && round < 5 * KILLS; round++) {
    rmSync(join(top, 'disturbed'), { recursive: true, force: true })
    t.is((await copyInChild(first, place)).status, 0)
    const moment = (usualMs * (killed + Math.random())) / KILLS
    const { status, tookMs } = await copyInChild(second, place, moment)
    if (status === null) killed++
    else usualMs = Math.min(usualMs, tookMs)
    // Whatever stands there is one of the two, whole. Between two renames it stands beside.
    if (existsSync(place)) {
      const now = JSON.stringify(listTree(place))
      if (now === JSON.stringify(afterFirst)) seen.before++
      else if (now === JSON.stringify(afterSecond)) seen.after++
      else t.fail(`half a copy after ${Math.round(moment)} ms`)
    }
    t.is((await copyInChild(second, place)).status, 0, `run again after a kill at ${Math.round(moment)} ms`)
    t.deepEqual(listTree(place), afterSecond, `killed at ${Math.round(moment)} ms`)
    t.deepEqual(
      listTree(join(top, 'disturbed')).filter(({ name }) => name.includes('copycds')),
      [],
    )
  }
  t.log(`${killed} of ${KILLS} killed; before: ${seen.before}, after: ${seen.after}`)
  t.is(killed, KILLS)
  t.true(seen.before > 0)
})

const SIZE = 200 << 20

test('the program that unpacks dies with the copy', async (t) => {
  const top = temporaryDirectory(t)
  writeTree(join(top, 'tree'), { ...rhelMedium('x86_64'), 'a.img': Buffer.alloc(SIZE, 'a') })
  isoOf(join(top, 'a.iso'), join(top, 'tree'))
  const child = spawn(process.execPath, [CHILD, join(top, 'a.iso'), join(top, 'second/os')], { stdio: 'ignore' })
  t.teardown(() => child.kill('SIGKILL'))
  while (!existsSync(join(top, 'second/.os.copycds-new/a.img')) && child.exitCode === null) await sleep(5)
  const unpackers = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').split(' ').filter(Boolean)
  t.is(unpackers.length, 1)
  const closed = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGKILL')
  await closed
  // Killed in the same moment, it may still be busy with its last block.
  while (unpackers.some((pid) => existsSync(`/proc/${pid}`))) await sleep(5)
  t.true(statSync(join(top, 'second/.os.copycds-new/a.img')).size < SIZE)
  t.false(existsSync(join(top, 'second/os')))
})
