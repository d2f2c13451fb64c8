/** Which plan a booting kernel asks for, and what it does when there is none for it any more. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { MISSING, makeWorkDirectory, removeWorkDirectory, runSteps, SHELLS } from './shells.ts'

if (MISSING !== undefined) test.skip(`the steps are not run: ${MISSING}`, () => {})

const STAND_INS = `
PLAN_URL='http://10.20.0.2/node/v1/cn07/plan?boot=el9@3'
STAGE=root
wget() { :; }
timeout() { for word; do :; done; echo "asked $word" >>"$RUN_DIR/asked"; answer; }
check_plan() { :; }
post_report() { printf '%s\\n' "$1" | sed 's/.*stage=/stage=/; s/uptime=[0-9.]*&//; s/message=.*/message/'; }
reboot() { echo "reboot $*"; }
sleep() { :; }
sync() { :; }
answer() { printf 'root\\tnfs\\t10.20.0.2\\t/install/el9/generations/%s/rootimg\\tro\\n' "$number" >"$PLAN_FILE.new"; }
`

for (const shell of MISSING === undefined ? SHELLS : []) {
  const inShell = (title: string, script: string, expected: string) =>
    test(`${shell.name}: ${title}`, (t) => {
      const work = makeWorkDirectory()
      t.teardown(() => removeWorkDirectory(work))
      writeFileSync(join(work, 'cmdline'), '\n')
      const { stdout, stderr } = runSteps(shell, work, `${STAND_INS}\n${script}`, `CMDLINE_FILE=${work}/cmdline`)
      t.is(stderr, '')
      t.is(stdout, expected)
    })

  inShell(
    'a retry may get a newer generation, and later requests are for that one',
    'number=3; fetch_plan; number=4; fetch_plan retry; fetch_plan; cat "$RUN_DIR/asked"',
    `asked http://10.20.0.2/node/v1/cn07/plan?boot=el9@3
asked http://10.20.0.2/node/v1/cn07/plan?boot=el9@3&retry=1
asked http://10.20.0.2/node/v1/cn07/plan?boot=el9@4
`,
  )
  inShell(
    'an image without generations is asked for as ever',
    'PLAN_URL=http://10.20.0.2/node/v1/cn07/plan; number=1; fetch_plan retry; cat "$RUN_DIR/asked"; guess_report_url; echo "$REPORT_URL"',
    'asked http://10.20.0.2/node/v1/cn07/plan\nhttp://10.20.0.2/node/v1/cn07/report\n',
  )
  inShell(
    '410 Gone: reports it and boots again',
    `answer() { echo 'wget: server returned error: HTTP/1.1 410 Gone'; return 1; }; fetch_plan; echo "status $?"; echo "$REPORT_URL"`,
    'stage=root&result=failed&message\nreboot -f\nstatus 1\nhttp://10.20.0.2/node/v1/cn07/report\n',
  )
  inShell(
    'any other refusal is waited out',
    `answer() { echo 'wget: server returned error: HTTP/1.1 409 Conflict'; return 1; }; fetch_plan; echo "status $?"`,
    'status 1\n',
  )
}
