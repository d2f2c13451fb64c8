import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { MISSING, makeWorkDirectory, removeWorkDirectory, runSteps, SHELLS } from './shells.ts'

if (MISSING !== undefined) test.skip(`the steps are not run: ${MISSING}`, () => {})

/** What would act on the machine only says so; reports are written down. */
const STAND_INS = `
post_report() { printf '%s\\n' "$REPORT_URL $1" | sed 's/boot=[^&]*&//; s/uptime=[0-9.]*&//; s/message=.*/message/'; }
poweroff() { echo "poweroff $*"; }
halt() { echo "halt $*"; }
sleep() { :; }
sync() { :; }
opened=0
open_shell() { opened=$((opened + 1)); echo "shell $opened"; [ "$opened" -lt 3 ] || : >"$RUN_DIR/go-on"; }
say_where_we_are() { :; }
PLAN_URL=http://10.20.0.2/node/v1/cn07/plan
`

for (const shell of MISSING === undefined ? SHELLS : []) {
  const inShell = (title: string, commandLine: string, before: string, expected: string) =>
    test(`${shell.name}: ${title}`, (t) => {
      const work = makeWorkDirectory()
      t.teardown(() => removeWorkDirectory(work))
      writeFileSync(join(work, 'cmdline'), `${commandLine}\n`)
      const script = `${STAND_INS}\n${before}\nrun_instead\necho "on to the plan"`
      const { stdout, stderr } = runSteps(shell, work, script, `CMDLINE_FILE=${work}/cmdline`)
      t.is(stderr, '')
      t.is(stdout, expected)
    })

  inShell('an ordinary boot goes on at once', 'NODE=cn07', '', 'on to the plan\n')
  inShell(
    'shell: reported, opened again whenever it ends, left only on purpose',
    'NODE=cn07 liteboot.run=shell',
    '',
    `http://10.20.0.2/node/v1/cn07/report seq=1&stage=shell&result=start&message
shell 1
shell 2
shell 3
http://10.20.0.2/node/v1/cn07/report seq=2&stage=shell&result=ok&message
on to the plan
`,
  )
  inShell(
    'shutdown: reported, and the machine is switched off',
    'liteboot.run=shutdown NODE=cn07',
    'halt() { echo "halt $*"; exit; }',
    `http://10.20.0.2/node/v1/cn07/report seq=1&stage=shutdown&result=start&message
poweroff -f
halt -f
`,
  )
  inShell(
    'nonodestatus: no report',
    'liteboot.run=shell NODE=cn07 nonodestatus',
    'REPORTS_OFF=1',
    'shell 1\nshell 2\nshell 3\non to the plan\n',
  )
  inShell('a word of another version: the image is booted', 'liteboot.run=dance', '', 'on to the plan\n')
}
