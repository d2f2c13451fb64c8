/** tabedit: editors are small scripts. */
import { execFile, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { OperatorError } from '../../src/api/errors.ts'
import { type CommandResult, commandResult } from '../../src/api/protocol.ts'
import type { CliCall, Work } from '../../src/cli/command.ts'
import { defineCommand } from '../../src/cli/shell/define.ts'
import { openEditFile } from '../../src/cli/shell/edit-file.ts'
import { tabedit } from '../../src/cli/tables/tabedit.ts'
import { LITEBOOT, runProgram } from './executable.ts'

interface Desk {
  readonly directory: string
  /** Where the texts lie that are being edited. */
  readonly temporary: string
  readonly environment: NodeJS.ProcessEnv
  /** Makes an editor; `$1` is the file. */
  editor(script: string): string
  run(words: readonly string[], more?: NodeJS.ProcessEnv): Promise<{ stdout: string; stderr: string; status: number }>
}

function newDesk(t: ExecutionContext): Desk {
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-desk-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const temporary = join(directory, 'tmp dir')
  mkdirSync(temporary)
  const { TABEDITOR: _tabeditor, EDITOR: _editor, ...inherited } = process.env
  const environment = { ...inherited, LITEBOOT_STATE: join(directory, 'state'), TMPDIR: temporary }
  let editors = 0
  return {
    directory,
    temporary,
    environment,
    editor(script) {
      const path = join(directory, `editor ${++editors}`)
      writeFileSync(path, `#!/bin/sh\n${script}\n`)
      chmodSync(path, 0o755)
      return `'${path}'`
    },
    run: (words, more = {}) => runProgram(LITEBOOT, words, { ...environment, ...more }),
  }
}

/** The one text that was kept, below a directory that only its owner may enter. */
function keptText(t: ExecutionContext, desk: Desk, stderr: string): string {
  const [, path = ''] = /Your text is kept in (.*\.csv)/.exec(stderr) ?? []
  t.true(path.startsWith(desk.temporary), stderr)
  t.is(statSync(join(path, '..')).mode & 0o777, 0o700)
  return readFileSync(path, 'utf8')
}

test('an edit is stored, and nothing stays behind', async (t) => {
  const desk = newDesk(t)
  await desk.run(['chtab', 'image=ALL,file=/etc/motd', 'litefile.options=tmpfs'])
  const seen = join(desk.directory, 'seen')
  const EDITOR = desk.editor(`ls -ld "$(dirname "$1")" > '${seen}'; printf '"ALL","/etc/issue","rw",,\\n' >> "$1"`)
  t.deepEqual(await desk.run(['tabedit', 'litefile'], { EDITOR }), { stdout: '', stderr: '', status: 0 })
  t.is(
    (await desk.run(['tabdump', 'litefile'])).stdout,
    '#image,file,options,comments,disable\n"ALL","/etc/motd","tmpfs",,\n"ALL","/etc/issue","rw",,\n',
  )
  t.regex(readFileSync(seen, 'utf8'), /^drwx------ /)
  t.deepEqual(readdirSync(desk.temporary), [])
})

test('TABEDITOR comes before EDITOR, and both may have arguments', async (t) => {
  const desk = newDesk(t)
  const TABEDITOR = `${desk.editor('shift; sed -i s/tmpfs/rw/ "$1"')} -nw`
  const EDITOR = desk.editor('echo never called; exit 1')
  await desk.run(['chtab', 'image=ALL,file=/etc/motd', 'litefile.options=tmpfs'])
  t.is((await desk.run(['tabedit', 'litefile'], { TABEDITOR, EDITOR })).status, 0)
  t.regex((await desk.run(['tabdump', 'litefile'])).stdout, /"\/etc\/motd","rw"/)
})

test('nothing changed: nothing is stored', async (t) => {
  const desk = newDesk(t)
  t.deepEqual(await desk.run(['tabedit', 'litefile'], { EDITOR: 'touch' }), {
    stdout: 'No file modifications detected, not restoring.\n',
    stderr: '',
    status: 0,
  })
  t.deepEqual(readdirSync(desk.temporary), [])
})

test('a faulty text: what is wrong, status 1 without a terminal, and the text is kept', async (t) => {
  const desk = newDesk(t)
  const EDITOR = desk.editor(`printf '"ALL","/etc/issue\\n' >> "$1"`)
  const ran = await desk.run(['tabedit', 'litefile'], { EDITOR })
  t.is(ran.status, 1)
  t.regex(ran.stderr, /^Error: CSV unmatched " in record on line 0, character 6: "ALL","\/etc\/issue\n/)
  t.is(keptText(t, desk, ran.stderr), '#image,file,options,comments,disable\n"ALL","/etc/issue\n')
  t.is((await desk.run(['tabdump', 'litefile'])).stdout, '#image,file,options,comments,disable\n')
})

test('rows that contradict each other are refused as tabrestore refuses them', async (t) => {
  const desk = newDesk(t)
  const EDITOR = desk.editor(`printf '"ALL","etc/issue","tmpfs",,\\n' >> "$1"`)
  const ran = await desk.run(['tabedit', 'litefile', '--json'], { EDITOR })
  t.is(ran.status, 1)
  t.like(JSON.parse(ran.stdout).error, { code: 'LB_BAD_EDIT' })
  t.regex(ran.stderr, /^Error: litefile row image=ALL,file=etc\/issue: the path must be absolute/)
  t.regex(keptText(t, desk, ran.stderr), /etc\/issue/)
})

test('what others have written meanwhile is not overwritten', async (t) => {
  const desk = newDesk(t)
  const other = `'${LITEBOOT}' chtab image=ALL,file=/etc/theirs litefile.options=tmpfs`
  const EDITOR = desk.editor(`printf '"ALL","/etc/mine","rw",,\\n' >> "$1"; ${other}`)
  const ran = await desk.run(['tabedit', 'litefile'], { EDITOR })
  t.is(ran.status, 1)
  t.regex(ran.stderr, /^Error: somebody else has changed the table litefile; nothing was stored\n.*\[LB_CHANGED\]\n$/s)
  t.regex(keptText(t, desk, ran.stderr), /"\/etc\/mine"/)
  const stored = (await desk.run(['tabdump', 'litefile'])).stdout
  t.regex(stored, /theirs/)
  t.notRegex(stored, /mine/)
})

test('a change of another table does not matter', async (t) => {
  const desk = newDesk(t)
  const EDITOR = desk.editor(`printf '"ALL","/etc/mine","rw",,\\n' >> "$1"; '${LITEBOOT}' chtab key=a site.value=b`)
  t.is((await desk.run(['tabedit', 'litefile'], { EDITOR })).status, 0)
  t.regex((await desk.run(['tabdump', 'litefile'])).stdout, /mine/)
})

test('an editor that fails', async (t) => {
  const desk = newDesk(t)
  const missing = await desk.run(['tabedit', 'litefile'], { EDITOR: '/nosuch/editor' })
  t.is(missing.status, 1)
  t.regex(
    missing.stderr,
    /the editor \/nosuch\/editor ended with status 127\n {7}Name another one with EDITOR\. \[LB_FILE\]/,
  )
  t.deepEqual(readdirSync(desk.temporary), [])
  const quit = await desk.run(['tabedit', 'litefile'], { EDITOR: desk.editor('echo x >> "$1"; exit 3') })
  t.is(quit.status, 1)
  t.regex(quit.stderr, /ended with status 3\n/)
  t.regex(keptText(t, desk, quit.stderr), /x\n$/)
})

test('a text in another encoding is not half understood', async (t) => {
  const desk = newDesk(t)
  const ran = await desk.run(['tabedit', 'site'], { EDITOR: desk.editor(`printf '"k","\\344",,\\n' >> "$1"`) })
  t.is(ran.status, 1)
  t.regex(ran.stderr, /^Error: the text is not UTF-8\n/)
})

test('--dry-run: checked, not stored, kept', async (t) => {
  const desk = newDesk(t)
  const EDITOR = desk.editor(`printf '"ALL","/etc/mine","rw",,\\n' >> "$1"`)
  const ran = await desk.run(['tabedit', '--dry-run', 'litefile'], { EDITOR })
  t.is(ran.status, 0, ran.stderr)
  t.regex(keptText(t, desk, ran.stderr), /mine/)
  t.notRegex((await desk.run(['tabdump', 'litefile'])).stdout, /mine/)
})

test('logs, unknown tables, no table at all', async (t) => {
  const desk = newDesk(t)
  for (const log of ['auditlog', 'eventlog']) {
    const ran = await desk.run(['tabedit', log], { EDITOR: 'false' })
    t.is(ran.status, 1)
    t.regex(ran.stderr, new RegExp(`^Error: tabedit does not edit ${log}`))
  }
  const unknown = await desk.run(['tabedit', 'litefiles'], { EDITOR: 'false' })
  t.is(unknown.status, 1)
  t.regex(unknown.stderr, /^Error: No such table: litefiles\n {7}Did you mean 'litefile'\?/)
  const blind = await desk.run(['tabedit', 'litefile'])
  t.is(blind.status, 1)
  t.regex(blind.stderr, /^Error: tabedit needs a terminal, or an EDITOR that works without one\n/)
  const none = await desk.run(['tabedit'])
  t.is(none.status, 1)
  t.regex(none.stdout, /^Usage: tabedit /)
})

/** Runs the command on an API of the test's own. */
async function editWith(restore: () => Promise<CommandResult>, dialogue: CliCall['dialogue']): Promise<CommandResult> {
  let work: Work | undefined
  await defineCommand(tabedit, (given) => {
    work = given
  }).parseAsync(['litefile'], { from: 'user' })
  const call: CliCall = {
    api: {
      call: async (method) => (method === 'tables.dump' ? commandResult(['#image,file'], []) : restore()),
      async close() {},
    },
    onProgress() {},
    json: false,
    dryRun: false,
    input: async () => '',
    dialogue,
  }
  if (!work) throw new Error('the command has no work')
  return work(call)
}

test.serial('the server dies before the text is stored: the text is kept', async (t) => {
  process.env.TABEDITOR = `sh -c 'echo x >> "$1"' sh`
  t.teardown(() => delete process.env.TABEDITOR)
  const gone = async () => {
    throw new OperatorError('LB_SERVER_GONE', 'the server closed the connection')
  }
  const error = await t.throwsAsync(
    editWith(gone, { isPossible: true, say: () => {}, enter: async () => t.fail('nobody can mend that') as never }),
    { instanceOf: OperatorError },
  )
  const [, path = ''] = /Your text is kept in (\S+)\. The server ended/.exec(error?.advice ?? '') ?? []
  t.is(readFileSync(path, 'utf8'), '#image,file\nx\n')
  rmSync(join(path, '..'), { recursive: true })
})

test.serial(
  'with a terminal: the editor comes back with the text as it was left, until it is right or given up',
  async (t) => {
    process.env.TABEDITOR = `sh -c 'echo x >> "$1"' sh`
    t.teardown(() => delete process.env.TABEDITOR)
    const fault = () => commandResult([], null, ['Error: Too many fields on line 0: x | y'], 4)
    const answers = [fault(), fault(), commandResult([], { rows: 1 })]
    const said: string[] = []
    const result = await editWith(async () => answers.shift() ?? fault(), {
      isPossible: true,
      say: (text) => said.push(text),
      enter: async (question) => said.push(question) > 0,
    })
    t.deepEqual(result.data, { rows: 1 })
    const round = [
      'Error: Too many fields on line 0: x | y\n',
      'Above errors occured, hit enter to edit, or ctrl-c to abort\n',
    ]
    t.deepEqual(said, [...round, ...round])
    const aborted = await editWith(async () => fault(), { isPossible: true, say: () => {}, enter: async () => false })
    t.is(aborted.exitStatus, 1)
    const [, path = ''] = /^Your text is kept in (\S+); nothing was changed\.$/.exec(aborted.errors[0] ?? '') ?? []
    t.is(readFileSync(path, 'utf8'), '#image,file\nx\n')
    rmSync(join(path, '..'), { recursive: true })
  },
)

test('only its owner may read the text', (t) => {
  const file = openEditFile('passwd.csv', 'x')
  t.is(statSync(file.path).mode & 0o777, 0o600)
  file.remove()
  t.false(existsSync(file.path))
})

const hasScript = spawnSync('script', ['--version']).status === 0

;(hasScript ? test : test.skip)('at a real terminal: wrong, enter, mended', async (t) => {
  const desk = newDesk(t)
  const EDITOR = desk.editor(
    `if grep -q broken "$1"; then sed -i /broken/d "$1"; printf '"ALL","/etc/mine","rw",,\\n' >> "$1"; else echo '"broken' >> "$1"; fi`,
  )
  const child = execFile('script', ['-qec', `exec '${LITEBOOT}' tabedit litefile`, '/dev/null'], {
    env: { ...desk.environment, EDITOR },
  })
  let screen = ''
  child.stdout?.on('data', (chunk: string) => {
    if (!screen.includes('hit enter') && (screen + chunk).includes('hit enter')) child.stdin?.write('\n')
    screen += chunk
  })
  const status = await new Promise((resolve) => child.once('close', resolve))
  t.is(status, 0, screen)
  t.regex(screen, /Error: CSV unmatched.*\r\nAbove errors occured, hit enter to edit, or ctrl-c to abort\r\n/)
  t.regex((await desk.run(['tabdump', 'litefile'])).stdout, /"\/etc\/mine"/)
  t.deepEqual(readdirSync(desk.temporary), [])
})

;(hasScript ? test : test.skip)('at a real terminal: ctrl-c at the question keeps the text', async (t) => {
  const desk = newDesk(t)
  const child = execFile('script', ['-qec', `exec '${LITEBOOT}' tabedit litefile`, '/dev/null'], {
    env: { ...desk.environment, EDITOR: desk.editor(`echo '"broken' >> "$1"`) },
  })
  let screen = ''
  child.stdout?.on('data', (chunk: string) => {
    if (!screen.includes('hit enter') && (screen + chunk).includes('hit enter')) child.stdin?.write('\x03')
    screen += chunk
  })
  const status = await new Promise((resolve) => child.once('close', resolve))
  t.is(status, 1, screen)
  t.regex(keptText(t, desk, screen), /broken/)
})
