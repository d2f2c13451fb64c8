/** Everything HTTP answers, in the order it is tried. */

import type { LearnedLists } from '../api/methods/statelite/learned-lists.ts'
import { missingLoader } from '../boot/loader-files.ts'
import type { NodeAnswers } from '../boot/node-answers.ts'
import type { Cluster, Ipv4 } from '../cluster/model.ts'
import { type DiscoveryDesk, discoveryRoutes } from '../http/discovery-routes.ts'
import { blobRoute } from '../http/file-routes.ts'
import type { FileServer } from '../http/files.ts'
import { type LearnedRouteOptions, learnedRoute } from '../http/learned-route.ts'
import { type PlanAnswer, planRoute, reportRoute } from '../http/node-routes.ts'
import { partitionScriptRoute } from '../http/partition-script-route.ts'
import type { HttpRoute } from '../http/route.ts'
import { renderedRoute } from '../http/text.ts'
import { renderFinding } from '../statelite/finding.ts'
import { isLearning, parseLearned } from '../statelite/learn.ts'
import { renderPlan } from '../statelite/plan-text.ts'
import type { EmitEvent } from '../timeline/event.ts'
import type { Blobs } from './blobs.ts'
import type { BootFiles } from './boot-files.ts'
import type { DiscoveryEfi } from './discovery-efi.ts'
import type { EfiFiles } from './efi-files.ts'
import { planForBoot } from './plan-for-boot.ts'
import { installRoute, tftpbootRoute } from './trees.ts'

export interface HttpRouteParts {
  readonly cluster: Cluster
  readonly files: FileServer
  readonly answers: NodeAnswers
  readonly bootFiles: BootFiles
  readonly blobs: Blobs
  readonly efiFiles: EfiFiles
  readonly discoveryEfi?: DiscoveryEfi
  readonly learned: LearnedLists
  readonly desk: DiscoveryDesk
  readonly emit: EmitEvent
  readonly now: () => number
  /** Called before a plan goes out: its persistent directory must be there. Returns what is in the way. */
  readonly preparePersistent: (node: string) => string | undefined
  /** A plan goes out: of `image@3`, or of an image without generations. */
  readonly onPlan: (node: string, boot: string | undefined) => void
}

export function httpRoutes(parts: HttpRouteParts): HttpRoute[] {
  const { cluster, files, emit, now } = parts
  const nodeOf = (ip: string) => cluster.current.nodeByIp(ip as Ipv4)?.name
  return [
    planRoute({ planOf: (node, clientIp, query) => planFor(parts, node, clientIp, query), emit, now }),
    partitionScriptRoute({ scriptOf: (node, clientIp) => scriptFor(parts, node, clientIp), emit, now }),
    reportRoute({ nodeOf, emit, now }),
    learnedRoute({ ...learnedBy(parts), nodeOf, emit, now }),
    ...discoveryRoutes({ desk: parts.desk, emit, now }),
    blobRoute(files, '/boot/loader', (rest) => parts.efiFiles.common(rest), missingLoader),
    {
      ...blobRoute(
        files,
        '/boot/efi',
        async (rest, clientIp) =>
          (await parts.efiFiles.find(`boot/efi${rest}`, clientIp, 'http')) ??
          (await parts.discoveryEfi?.find(`boot/efi${rest}`, clientIp, 'http')),
        (rest, clientIp) => parts.discoveryEfi?.whyNot(`boot/efi${rest}`, clientIp),
      ),
      matches: (path) => /^\/boot\/efi\/[^/]+\/([^/]+\.efi|.+\.(mod|lst))$/i.test(path),
    },
    // What shim and GRUB ask for below the root, by HTTP as by TFTP.
    {
      ...blobRoute(files, '/', (rest, clientIp) => parts.efiFiles.find(rest, clientIp, 'http')),
      matches: (path) => /^\/([^/]+\.efi|(grub|EFI\/[^/]+)\/[^/]+\/[^/]+\.(mod|lst))$/i.test(path),
    },
    ...['boot', 'grub', 'EFI'].map((directory) =>
      renderedRoute(`/${directory}`, (rest, clientIp) => {
        const found = parts.bootFiles.textFor(`${directory}${rest}`, clientIp)
        return found && { text: found.text }
      }),
    ),
    blobRoute(
      files,
      '/image',
      (rest, clientIp) => parts.blobs.resolveFor(clientIp, `image${rest}`, cluster.current),
      (rest) => parts.blobs.whyNot(`image${rest}`, cluster.current),
    ),
    installRoute(files, cluster),
    tftpbootRoute(files, cluster),
  ]
}

/** A node gets its own plan and no other; whoever asks for another's is told nothing of it. */
function planFor(parts: HttpRouteParts, name: string, clientIp: string, query: URLSearchParams): PlanAnswer {
  const snapshot = parts.cluster.current
  const node = snapshot.nodeByIp(clientIp as Ipv4)
  if (node?.name !== name) return { kind: 'refused', status: 403, message: `${clientIp} is not the address of ${name}` }
  const found = planForBoot(node, snapshot, parts.answers, parts.blobs.find, {
    boot: query.get('boot') ?? undefined,
    isRetry: query.has('retry'),
  })
  // The initrd knows 410: it boots again by itself.
  if ('goneFor' in found) return { kind: 'refused', status: 410, message: `${found.goneFor}: boot it again` }
  const { compiled, boot } = found
  if (compiled.plan === undefined) {
    const message = compiled.findings.map(renderFinding).join('\n')
    return { kind: 'refused', status: 409, message }
  }
  const fault = parts.preparePersistent(name)
  if (fault !== undefined) return { kind: 'refused', status: 503, message: fault }
  parts.onPlan(name, boot)
  return { kind: 'plan', text: renderPlan(compiled.plan) }
}

/** A node that was set back to normal while it still learns has one more list to send: when it is switched off. */
function learnedBy({ cluster, learned, now }: HttpRouteParts): Pick<LearnedRouteOptions, 'learns' | 'keep'> {
  return {
    async learns(name) {
      const node = cluster.current.node(name)
      return node !== undefined && (isLearning(node) || (await learned.has(name)))
    },
    async keep(name, body) {
      const boot = parseLearned(body)
      if ('fault' in boot) return boot
      await learned.keep(name, { ...boot, receivedMs: now() })
      return { bootId: boot.bootId, paths: boot.paths.length }
    },
  }
}

/** The script of the node's own image; the plan that named it has its digest. */
function scriptFor({ cluster, answers }: HttpRouteParts, name: string, clientIp: string): PlanAnswer {
  const snapshot = cluster.current
  const node = snapshot.nodeByIp(clientIp as Ipv4)
  if (node?.name !== name) return { kind: 'refused', status: 403, message: `${clientIp} is not the address of ${name}` }
  const found = answers.statelite(node, snapshot)
  const script = 'value' in found ? found.value.localDisk?.script : undefined
  if (script === undefined) return { kind: 'refused', status: 404, message: `${name} has no partition script` }
  return { kind: 'plan', text: script.text }
}
