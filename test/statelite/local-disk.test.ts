import test from 'ava'
import type { ClusterNode } from '../../src/cluster/model.ts'
import { renderFinding } from '../../src/statelite/finding.ts'
import { diskLabel } from '../../src/statelite/local-disk.ts'
import { checkLitefile } from '../../src/statelite/matrix.ts'
import { type CompiledPlan, compilePlan } from '../../src/statelite/plan.ts'
import { parsePlan, renderPlan } from '../../src/statelite/plan-text.ts'
import { buildSnapshot, exampleImage, exampleNode, imageSpec, litefileRows, testContext } from './snapshot.ts'

const LAYOUT = `enable=yes
enablepart=yes
[disk]
dev=/dev/vda
clear=yes
fstype=xfs
parts=10,60,rest
[localspace]
dev=/dev/vda2
fstype=ext4
[swapspace]
dev=/dev/vda1
`

interface Over {
  readonly text?: string
  readonly partitionfile?: string
  readonly currchain?: string
  readonly litefile?: readonly (readonly [string, string, string])[]
}

function compile({ text = LAYOUT, partitionfile = '/layouts/one', currchain = '', litefile }: Over = {}): CompiledPlan {
  const snapshot = buildSnapshot({
    nodes: [{ ...exampleNode, attributes: { ...exampleNode.attributes, 'chain.currchain': currchain } }],
    images: [{ ...exampleImage, attributes: { ...exampleImage.attributes, partitionfile } }],
    litefile: litefile ?? [['ALL', '/scratch/', 'localdisk']],
  })
  const partitionFile = (path: string) =>
    path === '/layouts/one' ? { text } : { fault: 'there is no such file' as const }
  return compilePlan(snapshot.node('cn07') as ClusterNode, snapshot, { ...testContext(), partitionFile })
}

const linesOf = (compiled: CompiledPlan) => {
  if (compiled.plan === undefined) throw new Error(compiled.findings.map(renderFinding).join('\n'))
  return renderPlan(compiled.plan)
    .split('\n')
    .filter((line) => /^(localdisk|disk|part|partition-script|localspace|swapspace|entry)\t/.test(line))
}
const findingsOf = (compiled: CompiledPlan) =>
  (compiled.plan === undefined ? compiled.findings : compiled.warnings).map(renderFinding).join('\n')

test('the layout in a plan: names, sizes, and what each part becomes', (t) => {
  t.deepEqual(linesOf(compile()), [
    'localdisk\tSLLOCAL-hpc9-lite\t-',
    'disk\t/dev/vda\tclear',
    'part\tSLLOCAL-hpc9-lite-1\t10%\tswap',
    'part\tSLLOCAL-hpc9-lite-2\t60%\text4',
    'part\tSLLOCAL-hpc9-lite-3\trest\txfs',
    'localspace\t/dev/vda2\text4',
    'swapspace\t/dev/vda1',
    'entry\tlocaldisk\t/scratch/\t-',
  ])
  const { plan } = compile()
  if (plan === undefined) return t.fail()
  t.deepEqual(parsePlan(renderPlan(plan)), { plan })
})

test('an order to reformat reaches the plan of its node', (t) => {
  t.is(linesOf(compile({ currchain: 'reformat=t6abc1' }))[0], 'localdisk\tSLLOCAL-hpc9-lite\tt6abc1')
  t.is(linesOf(compile({ currchain: 'boot,reformat=t6abc1' }))[0], 'localdisk\tSLLOCAL-hpc9-lite\tt6abc1')
  t.is(linesOf(compile({ currchain: 'reformat=yes' }))[0], 'localdisk\tSLLOCAL-hpc9-lite\t-')
})

test('enablepart=no: the space is used, no disk is named', (t) => {
  const lines = linesOf(compile({ text: LAYOUT.replace('enablepart=yes', 'enablepart=no') }))
  t.false(lines.some((line) => /^(disk|part)\t/.test(line)))
  t.true(lines.includes('localspace\t/dev/vda2\text4'))
})

test('clear=no is said as keep', (t) => {
  t.true(linesOf(compile({ text: LAYOUT.replace('clear=yes', 'clear=no') })).includes('disk\t/dev/vda\tkeep'))
})

test('the script form: where it is fetched, its digest, and how its partitions are called', (t) => {
  const lines = linesOf(compile({ partitionfile: 's:/layouts/one', text: '#!/bin/sh\n' }))
  t.is(
    lines[1]?.replace(/[0-9a-f]{64}$/, 'SHA'),
    'partition-script\thttp://10.20.0.2/node/v1/cn07/partition-script\tSHA',
  )
  t.deepEqual(lines.slice(2, 4), [
    'localspace\tlabel:SLLOCAL-hpc9-lite-local\tauto',
    'swapspace\tlabel:SLLOCAL-hpc9-lite-swap',
  ])
  t.regex(findingsOf(compile({ partitionfile: 's:/layouts/one' })), /must begin with #!/)
})

test('no plan with localdisk entries that have nowhere to be; each says what to do', (t) => {
  t.regex(findingsOf(compile({ partitionfile: '' })), /no partition file, but localdisk entries .*partitionfile=<file>/)
  t.regex(findingsOf(compile({ partitionfile: '/gone' })), /partitionfile \/gone: there is no such file/)
  t.regex(
    findingsOf(compile({ text: LAYOUT.replace('enable=yes', 'enable=no') })),
    /not enabled or has no \[localspace\]/,
  )
  t.regex(findingsOf(compile({ text: 'enable=yes\n' })), /not enabled or has no \[localspace\]/)
  t.regex(findingsOf(compile({ text: `${LAYOUT}size=5\n` })), /partitionfile \/layouts\/one line 13: size is not known/)
  t.truthy(compile({ partitionfile: '', litefile: [] }).plan)
})

test('when tables are edited, a missing partition file is a warning', (t) => {
  const rows = litefileRows([['ALL', '/scratch/', 'localdisk']])
  const [finding, second] = checkLitefile(rows, [imageSpec({ name: 'a' })])
  t.is(finding?.severity, 'warning')
  t.is(second, undefined)
  t.deepEqual(checkLitefile(rows, [imageSpec({ name: 'a', attributes: { partitionfile: '/x' } })]), [])
})

test('labels fit into a partition name and stay different', (t) => {
  t.is(diskLabel('el9-lite'), 'SLLOCAL-el9-lite')
  const long = diskLabel('rhels8.6-x86_64-statelite-compute')
  t.is(long.length, 25)
  t.not(long, diskLabel('rhels8.6-x86_64-statelite-computf'))
})
