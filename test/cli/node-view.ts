/** What the server would give a booting node at this moment: boot file, plan, and the files that both name. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { openNodeAnswers } from '../../src/boot/node-answers.ts'
import { nodeBootFile } from '../../src/boot/node-boot-file.ts'
import type { NodeName } from '../../src/cluster/model.ts'
import { compileSnapshot } from '../../src/cluster/snapshot.ts'
import { openGenerationStates } from '../../src/image/generations/states.ts'
import { openPackedRoots } from '../../src/image/pack/find.ts'
import { openBlobs } from '../../src/server/blobs.ts'
import { planForBoot } from '../../src/server/plan-for-boot.ts'
import { renderPlan } from '../../src/statelite/plan-text.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'

export interface NodeView {
  /** `image@3` */
  readonly boot: string
  readonly bootFile: string
  readonly plan: string
  /** By URL path. */
  readonly files: Readonly<Record<string, string>>
}

const MASTER = '10.20.0.2'

/** @throws when anything that a boot needs is not there, or is not what its name says */
export function viewOfNode(tables: string, name: string): NodeView {
  const store = openSqliteStore({ path: tables })
  try {
    const snapshot = compileSnapshot(store, undefined, 1)
    const node = snapshot.node(name as NodeName)
    if (node?.ip === undefined) throw new Error(`no node ${name}`)
    const blobs = openBlobs()
    const answers = openNodeAnswers({
      addresses: [MASTER],
      httpPort: undefined,
      nfs: undefined,
      generationOf: openGenerationStates(),
      packedRoot: openPackedRoots(),
    })
    const file = nodeBootFile('ipxe', node, snapshot, answers, blobs.find)
    if (file.kind !== 'text') throw new Error(JSON.stringify(file))
    const boot = /plan\?boot=(\S+)/.exec(file.text)?.[1]
    const found = planForBoot(node, snapshot, answers, blobs.find, { boot, isRetry: false })
    if ('goneFor' in found || found.compiled.plan === undefined) throw new Error(JSON.stringify(found))
    const { plan } = found.compiled
    const urls = [...`${file.text}\n${renderPlan(plan)}`.matchAll(/http:\/\/[^/\s]+(\/image\/\S+)/g)]
    const files: Record<string, string> = {}
    for (const path of new Set(urls.map(([, path = '']) => path))) {
      const from = blobs.resolveFor(node.ip, path, snapshot)
      if (from === undefined) throw new Error(`${path} is named and not there`)
      const digest = createHash('sha256').update(readFileSync(from)).digest('hex')
      if (!path.includes(digest.slice(0, 16))) throw new Error(`${path} is another file`)
      if (path.endsWith('/rootimg') && !('sha256' in plan.root && plan.root.sha256 === digest))
        throw new Error(`${path} is not the packed root of the plan`)
      files[path] = digest
    }
    return { boot: boot ?? '', bootFile: file.text, plan: renderPlan(plan), files }
  } finally {
    store.close()
  }
}
