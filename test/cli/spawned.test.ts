/** The executable itself: its names, standard input, pipes. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { LITEBOOT, runProgram } from './executable.ts'
import type { Ran } from './transcript.ts'

function newState(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'liteboot spawned-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

function run(state: string, program: string, words: readonly string[], input?: string): Promise<Ran> {
  return runProgram(program, words, { ...process.env, LITEBOOT_STATE: join(state, 'state') }, input)
}

test('under a name of its own, through links, from a directory with a blank', async (t) => {
  const state = newState(t)
  mkdirSync(join(state, 'bin dir'))
  symlinkSync(LITEBOOT, join(state, 'liteboot'))
  for (const name of ['lsdef', 'mkdef', 'other']) symlinkSync('../liteboot', join(state, 'bin dir', name))
  const made = await run(state, join(state, 'bin dir/mkdef'), ['n1', 'groups=all', 'usercomment=a b'])
  t.deepEqual(made, { stdout: '1 object definitions have been created or modified.\n', stderr: '', status: 0 })
  const shown = await run(state, join(state, 'bin dir/lsdef'), ['n1'])
  t.deepEqual(shown, { stdout: 'Object name: n1\n    groups=all\n    usercomment=a b\n', stderr: '', status: 0 })
  t.deepEqual(await run(state, join(state, 'bin dir/other'), ['lsdef']), {
    stdout: 'n1  (node)\n',
    stderr: '',
    status: 0,
  })
})

test('stanzas from standard input; exit statuses reach the shell', async (t) => {
  const state = newState(t)
  const made = await run(state, LITEBOOT, ['mkdef', '-z'], 'n1:\n  objtype=node\n  groups="all"\n')
  t.is(made.stdout, '1 object definitions have been created or modified.\n')
  t.is((await run(state, LITEBOOT, ['lsdef', 'nosuch'])).status, 1)
  t.is((await run(state, LITEBOOT, ['tabrestore'])).status, 2)
  t.is((await run(state, LITEBOOT, ['tabrestore', '/nosuch.csv'])).status, 3)
})

test('a reader that has seen enough is no error', async (t) => {
  const state = newState(t)
  await run(state, LITEBOOT, ['mkdef', 'n[1-3000]', 'groups=all'])
  const env = { ...process.env, LITEBOOT_STATE: join(state, 'state') }
  const child = spawn('sh', ['-c', '"$0" lsdef -l | head -n 1', LITEBOOT], { env })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await once(child, 'close')
  t.regex(text, /^Object name: n1\n$/)
})

test('a pipe sees the result and nothing else', async (t) => {
  const state = newState(t)
  const { stdout, stderr } = await run(state, LITEBOOT, ['tabdump', 'litetree'])
  t.is(stdout, '#priority,image,directory,mntopts,comments,disable\n')
  t.is(stderr, '')
})

test('called by its own name, a command takes `serve` and `vm` as words; help of the programs', async (t) => {
  const state = newState(t)
  symlinkSync(LITEBOOT, join(state, 'lsdef'))
  const shown = await run(state, join(state, 'lsdef'), ['serve'])
  t.is(shown.status, 1)
  t.regex(shown.stderr, /^Error: Could not find an object named 'serve' of type 'node'\./)
  const help = await run(state, LITEBOOT, ['help', 'serve'])
  t.is(help.status, 0)
  t.regex(help.stdout, /^Usage: .*serve/)
})
