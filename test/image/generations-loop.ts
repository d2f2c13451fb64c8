/** Makes, promotes and removes generations of one image, and kills itself before the n-th single change. Started by the kill -9 test. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openGenerations } from '../../src/image/generations/generations.ts'

const [, , dest = '', before = '0'] = process.argv
let steps = 0
const generations = openGenerations(dest, {
  onStep: () => {
    if (++steps === Number(before)) process.kill(process.pid, 'SIGKILL')
  },
})

async function make(content: string): Promise<void> {
  const draft = await generations.begin({ from: 'current', by: 'edit', reason: content, writer: 'replace' })
  for (const [path, text] of [
    [join(draft.rootimg, 'etc/motd'), content],
    [join(draft.directory, 'kernel'), `kernel ${content}`],
  ] as const) {
    rmSync(path)
    writeFileSync(path, text)
  }
  if (content === 'three') writeFileSync(join(draft.directory, 'rootimg.sfs'), 'packed')
  await draft.commit({ promote: true })
}

const current = () => generations.current()?.reason
if (current() !== 'two' && current() !== 'three') await make('two')
if (current() !== 'three') await make('three')
if (generations.previous() !== undefined) await generations.rollback()
await generations.promote(Math.max(...generations.list().map(({ number }) => number)))
const old = generations.list().filter(({ isCurrent }) => !isCurrent)
await generations.remove(old.map(({ number }) => number))
process.stdout.write(`${steps}\n`)
