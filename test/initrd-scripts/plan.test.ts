import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import type { Plan } from '../../src/statelite/plan.ts'
import { renderPlan } from '../../src/statelite/plan-text.ts'
import { MISSING, makeWorkDirectory, removeWorkDirectory, runSteps, SHELLS } from './shells.ts'

const NFS_ROOT = {
  type: 'nfs',
  server: '10.77.0.1',
  directory: '/install/rootimg',
  options: 'ro,vers=3,sec=sys',
} as const
const PLAN: Plan = {
  node: 'cn07',
  server: { address: '10.77.0.1', httpPort: 80 },
  report: 'http://10.77.0.1/node/v1/cn07/report',
  image: { name: 'debian12-lite', revision: 'f00d' },
  root: NFS_ROOT,
  stateliteMode: '755',
  learn: { url: 'http://10.77.0.1/node/v1/cn07/learned', size: '50%' },
  persistent: { server: '10.77.0.1', directory: '/state/cn07', options: 'rw,hard' },
  localDisk: undefined,
  trees: [
    { priority: 1, server: '10.77.0.1', directory: '/lite/a', options: 'ro', required: true },
    { priority: 2.5, server: undefined, directory: '/opt/lite', options: '', required: false },
  ],
  entries: [
    { option: 'link', path: '/etc/chrony.conf', parent: undefined },
    { option: 'persistent', path: '/root/', parent: undefined },
    { option: 'tmpfs', path: '/var/', parent: undefined },
    { option: 'ro', path: '/var/lib/größe/', parent: '/var/' },
  ],
  hostname: { name: 'cn07', domain: 'demo.cluster' },
  machineId: '0123456789abcdef0123456789abcdef',
  interface: { mac: '52:54:00:77:00:01', address: '10.77.0.11', prefixLength: 16, gateway: undefined, mtu: undefined },
  nameservers: ['10.77.0.1'],
}

if (MISSING !== undefined) test.skip(`plans are not checked: ${MISSING}`, () => {})

for (const shell of MISSING === undefined ? SHELLS : []) {
  const checker =
    (work: string) =>
    (text: string, node = 'cn07') => {
      writeFileSync(join(work, 'run/plan'), text)
      return runSteps(shell, work, 'check_plan $RUN_DIR/plan && echo accepted', `EXPECTED_NODE=${node}`).stdout.trim()
    }
  const withChecker = (
    title: string,
    body: (t: import('ava').ExecutionContext, check: ReturnType<typeof checker>) => void,
  ) =>
    test(`${shell.name}: ${title}`, (t) => {
      const work = makeWorkDirectory()
      t.teardown(() => removeWorkDirectory(work))
      body(t, checker(work))
    })

  withChecker('what the server renders is a plan', (t, check) => {
    t.is(check(renderPlan(PLAN)), 'accepted')
    t.is(check(renderPlan(PLAN), ''), 'accepted')
    t.is(check(renderPlan({ ...PLAN, report: undefined, nameservers: [], trees: [] })), 'accepted')
    const packed = { url: 'http://10.77.0.1/image/x/0123456789abcdef/rootimg', sha256: 'ab'.repeat(32) }
    for (const format of ['cpio.gz', 'cpio.xz', 'cpio.zst', 'squashfs'] as const) {
      const root = { type: 'ramdisk', format, ...packed, sizeBytes: 2 ** 33, unpackedBytes: 1 } as const
      t.is(check(renderPlan({ ...PLAN, root })), 'accepted')
    }
    t.is(check(renderPlan({ ...PLAN, root: { ...NFS_ROOT, server: '2001:db8::1' } })), 'accepted')
  })

  withChecker("a plan that is not whole, or another node's, is refused", (t, check) => {
    const text = renderPlan(PLAN)
    const lines = text.trimEnd().split('\n')
    t.regex(check(text, 'cn08'), /is for cn07, this node is cn08/)
    t.regex(check(''), /no end line/)
    t.regex(check('<html>404</html>\n'), /does not begin with liteboot-plan/)
    t.regex(check(lines.slice(0, -1).join('\n')), /no end line/)
    for (let at = 0; at < lines.length; at += 1)
      t.not(check(`${lines.toSpliced(at, 1).join('\n')}\n`), 'accepted', lines[at])
    t.regex(check(`${text}entry\ttmpfs\t/x\t-\n`), /after end/)
  })

  withChecker('each bad line is named with what is wrong', (t, check) => {
    const changed = (from: string, to: string) => {
      const text = renderPlan(PLAN)
      t.true(text.includes(from), from)
      return check(text.replace(from, to))
    }
    t.regex(changed('liteboot-plan\t1', 'liteboot-plan\t2'), /version 2/)
    t.regex(changed('entry\tlink\t', 'entry\tlocal\t'), /unknown option local/)
    t.regex(changed('/etc/chrony.conf', '/etc/../root'), /bad path/)
    t.regex(changed('/etc/chrony.conf', '/proc/x'), /cannot be an entry/)
    t.regex(changed('/etc/chrony.conf', '/.statelite/x'), /cannot be an entry/)
    t.regex(changed('/etc/chrony.conf', '/var/'), /second entry/)
    t.regex(changed('/etc/chrony.conf\t-', '/etc/a b\t-'), /blank/)
    t.regex(changed('größe/\t/var/', 'größe/\t/va/'), /does not stand before/)
    t.regex(changed('/var/lib/größe/', '/varnish/x'), /no directory above/)
    t.regex(changed('statelite\t755', 'statelite\t7a5'), /bad mode/)
    t.regex(changed('root\tnfs', 'root\tiscsi'), /root type/)
    t.regex(changed('optional', 'maybe'), /required or optional/)
    t.regex(changed('cdef\n', 'cdeg\n'), /bad machine id/)
    t.regex(changed('\t-\t-\n', '\t\t-\n'), /empty/)
    t.regex(changed('server\t10.77.0.1\t80', 'server\t10.77.0.1'), /2? ?fields/)
    t.regex(changed('nameserver', 'nameservers'), /unknown item/)
  })

  withChecker(
    'persistent entries without a persistent directory are refused, never volatile in silence',
    (t, check) => {
      t.regex(check(renderPlan({ ...PLAN, persistent: undefined })), /\/root\/ is to be persistent but the node has no/)
      const entries = PLAN.entries.filter((entry) => entry.option !== 'persistent')
      t.is(check(renderPlan({ ...PLAN, persistent: undefined, entries })), 'accepted')
    },
  )
}

const property = MISSING === undefined ? test : test.skip
property('a plan cut anywhere is refused', (t) => {
  const [shell] = SHELLS
  const work = makeWorkDirectory()
  t.teardown(() => removeWorkDirectory(work))
  const bytes = Buffer.from(renderPlan(PLAN))
  const cutPlan = fc.property(fc.integer({ min: 0, max: bytes.length - 2 }), (length) => {
    writeFileSync(join(work, 'run/plan'), bytes.subarray(0, length))
    return runSteps(shell!, work, 'check_plan $RUN_DIR/plan && echo accepted').stdout.trim() !== 'accepted'
  })
  t.notThrows(() => fc.assert(cutPlan, { numRuns: 40 }))
})
