import test from 'ava'
import { foldBoots } from '../../src/timeline/boot.ts'
import { renderTimeline } from '../../src/timeline/render.ts'
import { STAGES, type StageName } from '../../src/timeline/stages.ts'
import { initrdSteps, report, T0, untilInitrd } from './scenes.ts'

/** Of each step of the initrd: what it says when it fails, and the thing to do that must stand below it. */
const FAILURES: readonly (readonly [StageName, string, RegExp])[] = [
  ['network', 'no carrier on any card', /driver of the network port.*spanning tree/],
  ['plan', '409 n1: no statelite row', /`liteboot plan <node>`/],
  ['root', 'the root 10.77.0.1:/i cannot be mounted: Permission denied', /NFS server.*exports and rootimgdir.*liteimg/],
  ['localdisk', '/dev/sda has data that is not liteboot’s', /liteboot localdisk reformat <node>/],
  ['persistent', 'the persistent directory 10.77.0.1:/p/n1 is full', /statelite row.*exports.*space on its disk/],
  ['trees', '10.77.0.1:/lite: timed out', /litetree rows and their servers/],
  ['entries', 'entry tmpfs /etc/a: the image has no file /etc/a', /run liteimg again/],
  ['system', 'no /etc/machine-id', /machine-id of the running system/],
  ['switch', 'no /sbin/init', /does the image have \/sbin\/init/],
]

for (const [stage, why, advice] of FAILURES) {
  test(`a failure at ${stage}: the last two lines say what is wrong and what to do, and that it is tried again`, (t) => {
    const steps = initrdSteps()
    const begun = steps.findIndex((event) => event.stage === stage)
    // Images with a partition file alone have a local disk.
    const before = begun >= 0 ? steps.slice(0, begun) : steps.slice(0, lastOf(steps, 'root') + 1)
    const atSeconds = ((before.at(-1)?.atMs ?? T0) - T0) / 1000
    const events = [
      ...untilInitrd(),
      ...before,
      report(atSeconds + 1, stage, 'failed', { detail: `${why}\na log line` }),
    ]
    const boot = foldBoots('cn01', events, T0 + (atSeconds + 3) * 1000).at(-1)
    t.truthy(boot)
    if (!boot) return
    const [says = '', todo = ''] = renderTimeline(boot).trimEnd().split('\n').slice(-2)
    t.is(says, `failed at ${stage}: ${why} (retrying; 2.0 s ago)`)
    t.regex(todo, /^check: /)
    t.regex(todo, advice)
  })
}

function lastOf(steps: ReturnType<typeof initrdSteps>, stage: StageName): number {
  return steps.findLastIndex((event) => event.stage === stage && event.result === 'ok')
}

test('every step of the initrd has its line above', (t) => {
  const first = STAGES.indexOf('network')
  t.deepEqual(
    FAILURES.map(([stage]) => stage),
    STAGES.slice(first, STAGES.indexOf('booted')),
  )
})
