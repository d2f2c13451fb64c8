/** The list of written paths as a node sends it, and what of it is kept. */
import test from 'ava'
import fc from 'fast-check'
import { addBoot, isLearning, LEARNED_KINDS, LEARNED_ORIGINS, parseLearned } from '../../src/statelite/learn.ts'
import { compilePlan } from '../../src/statelite/plan.ts'
import { renderPlan } from '../../src/statelite/plan-text.ts'
import { buildSnapshot, exampleImage, exampleNode, nodeSpec, testContext } from './snapshot.ts'

const BOOT = '0f3a4c1e-8a55-4a53-9d2b-0d8b2f9d2c11'
const HEAD = `liteboot-learned\t1\t${BOOT}\t61.25\tel9-lite`
const letter = (...lines: (string | Buffer)[]) =>
  Buffer.concat(
    [HEAD, ...lines, `end\t${lines.length + 1}`].flatMap((line) => [Buffer.from(line as string), Buffer.from('\n')]),
  )

test('a list: kinds, origins, sizes, times, and directories with more', (t) => {
  t.deepEqual(
    parseLearned(
      letter(
        'f\tnew\t12\t1763000000\t/etc/new file',
        'd\told\t60\t-5\t/var/lib/größe/',
        'w\told\t0\t1763000000\t/etc/nologin',
        'more\t812\t/var/cache/man/',
      ),
    ),
    {
      bootId: BOOT,
      uptimeSeconds: 61.25,
      image: 'el9-lite',
      paths: [
        { kind: 'f', origin: 'new', sizeBytes: 12, mtime: 1_763_000_000, path: '/etc/new file' },
        { kind: 'd', origin: 'old', sizeBytes: 60, mtime: -5, path: '/var/lib/größe/' },
        { kind: 'w', origin: 'old', sizeBytes: 0, mtime: 1_763_000_000, path: '/etc/nologin' },
      ],
      more: [{ directory: '/var/cache/man/', count: 812 }],
    },
  )
})

test('of a name that is no UTF-8 its directory is kept', (t) => {
  const line = Buffer.concat([Buffer.from('f\tnew\t1\t1\t/srv/d'), Buffer.from([0xff]), Buffer.from('/x')])
  const found = parseLearned(letter(line, 'd\tnew\t1\t1\t/é/'))
  t.deepEqual('paths' in found && found.paths.map(({ kind, origin, path }) => `${kind} ${origin} ${path}`), [
    'd old /srv/',
    'd new /é/',
  ])
})

test('what is not whole, or not a path, is no list', (t) => {
  const good = letter('f\tnew\t12\t1\t/etc/x').toString()
  for (let length = 0; length < good.length; length++)
    t.true('fault' in parseLearned(Buffer.from(good.slice(0, length))), String(length))
  for (const line of [
    'f\tnew\t12\t1\tetc/x',
    'f\tnew\t12\t1\t/etc/../x',
    'f\tnew\t12\t1\t/etc//x',
    'f\tnew\t12\t1\t/etc/x/',
    'd\tnew\t12\t1\t/etc/x',
    'f\tnew\t12\t1\t/etc/x\ty',
    'f\tnew\t-1\t1\t/etc/x',
    'q\tnew\t12\t1\t/etc/x',
    'f\tsome\t12\t1\t/etc/x',
    'more\tx\t/etc/',
    'more\t1\t/etc',
    '',
  ])
    t.true('fault' in parseLearned(letter(line)), line)
  for (const head of [`liteboot-learned\t2\t${BOOT}\t1\tx`, `liteboot-learned\t1\ta b\t1\tx`, 'hello'])
    t.true('fault' in parseLearned(Buffer.from(`${head}\nend\t1\n`)), head)
})

test('random bytes never throw; what is well-formed is understood (property)', (t) => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => 'fault' in parseLearned(Buffer.from(bytes))))
  const part = fc.stringMatching(/^[a-zA-Z0-9 :é-]{1,8}$/)
  const path = fc.record({
    kind: fc.constantFrom(...LEARNED_KINDS),
    origin: fc.constantFrom(...LEARNED_ORIGINS),
    sizeBytes: fc.nat(),
    mtime: fc.integer(),
    path: fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => `/${parts.join('/')}`),
  })
  fc.assert(
    fc.property(fc.array(path), (found) => {
      const paths = found.map((each) => (each.kind === 'd' ? { ...each, path: `${each.path}/` } : each))
      const lines = paths.map((each) => `${each.kind}\t${each.origin}\t${each.sizeBytes}\t${each.mtime}\t${each.path}`)
      const parsed = parseLearned(letter(...lines))
      t.deepEqual('paths' in parsed && parsed.paths, paths)
    }),
  )
})

test('the newest boots of one image are kept', (t) => {
  const boot = (bootId: string, image = 'a', mark = 0) => ({ bootId, image, mark })
  const names = (boots: readonly { bootId: string; mark: number }[]) => boots.map(({ bootId, mark }) => bootId + mark)
  const three = ['1', '2', '3']
    .map((id) => boot(id))
    .reduce<ReturnType<typeof boot>[]>((all, each) => addBoot(all, each), [])
  t.deepEqual(names(addBoot(three, boot('4'))), ['20', '30', '40'])
  t.deepEqual(names(addBoot(three, boot('2', 'a', 9))), ['10', '30', '29'])
  t.deepEqual(names(addBoot(three, boot('5', 'b'))), ['50'])
})

test('nodeset learn: the plan says where writes go and where to tell them', (t) => {
  const learner = { ...exampleNode, attributes: { 'chain.currstate': 'learn' } }
  const compile = (rootfstype: 'nfs' | 'ramdisk' = 'nfs') => {
    const snapshot = buildSnapshot({ nodes: [learner], images: [{ ...exampleImage, rootfstype }] })
    return compilePlan(nodeSpec(learner), snapshot, testContext())
  }
  t.true(isLearning(nodeSpec(learner)))
  t.false(isLearning(nodeSpec(exampleNode)))
  const { plan } = compile()
  t.truthy(plan)
  if (plan) t.regex(renderPlan(plan), /^learn\thttp:\/\/10\.20\.0\.2\/node\/v1\/cn07\/learned\t50%$/m)
  const refused = compile('ramdisk')
  t.true('findings' in refused && refused.findings.some(({ message }) => /rootfstype=nfs/.test(message)))
})
