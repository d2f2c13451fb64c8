import test from 'ava'
import type { ClusterNode, Snapshot } from '../../src/cluster/model.ts'
import { renderFinding } from '../../src/statelite/finding.ts'
import { type CompiledPlan, compilePlan, machineIdOf } from '../../src/statelite/plan.ts'
import { parsePlan, renderPlan } from '../../src/statelite/plan-text.ts'
import { buildSnapshot, exampleImage, exampleNode, type SnapshotSpec, testContext } from './snapshot.ts'

const spec: SnapshotSpec = {
  nodes: [
    {
      ...exampleNode,
      attributes: { 'statelite.statemnt': '10.20.0.3:/persist/$nodetype.profile', 'nodetype.profile': 'compute' },
    },
  ],
  images: [exampleImage],
  litefile: [
    ['ALL', '/var/', 'tmpfs'],
    ['ALL', '/etc/motd', 'ro'],
    ['hpc9-lite', '/var/lib/app/', 'persistent'],
    ['', '/etc/chrony.conf', 'tmpfs,rw'],
  ],
  litetree: [
    { priority: 10, image: 'ALL', directory: '10.20.0.3:/lite/common', mntopts: 'soft,timeo=50,required' },
    { priority: 1.5, image: 'hpc9-lite', directory: '/opt/lite', mntopts: '' },
  ],
  networks: [{ mtu: 9000 }],
  site: { domain: 'cluster.example', nameservers: '10.20.0.2' },
}

function compile(over: Partial<SnapshotSpec> = {}, context = testContext()): CompiledPlan {
  const snapshot: Snapshot = buildSnapshot({ ...spec, ...over })
  return compilePlan(snapshot.node('cn07') as ClusterNode, snapshot, context)
}

const golden = `liteboot-plan	1	cn07
server	10.20.0.2	80
report	http://10.20.0.2/node/v1/cn07/report
image	hpc9-lite	REVISION
root	nfs	10.20.0.2	/install/netboot/hpc9/rootimg	ro,nolock,vers=3,proto=tcp,actimeo=1
statelite	755
persistent	10.20.0.3	/persist/compute/cn07	rw,hard,nolock,vers=3,proto=tcp
tree	1.5	-	/opt/lite	-	optional
tree	10	10.20.0.3	/lite/common	ro,nolock,vers=3,proto=tcp,soft,timeo=50	required
entry	link	/etc/chrony.conf	-
entry	ro	/etc/motd	-
entry	tmpfs	/var/	-
entry	persistent	/var/lib/app/	/var/
hostname	cn07	cluster.example
machine-id	MACHINE
interface	0c:42:a1:7e:10:07	10.20.0.107/24	10.20.0.1	9000
nameserver	10.20.0.2
end	17
`

test('the plan of a node, as docs/reference/plan.md lays it out', (t) => {
  const compiled = compile()
  if (compiled.plan === undefined) return t.fail(compiled.findings.map(renderFinding).join('\n'))
  const text = renderPlan(compiled.plan)
  t.is(
    text,
    golden
      .replace('REVISION', compiled.plan.image.revision)
      .replace('MACHINE', machineIdOf('cn07', buildSnapshot(spec).site)),
  )
  t.deepEqual(parsePlan(text), { plan: compiled.plan })
})
