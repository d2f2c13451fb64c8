/** Node by node, from the tables alone: whether it gets an address, a boot file and a plan, and which directories it needs. */
import type { NodeAnswers } from '../../../boot/node-answers.ts'
import { decideServerAddress } from '../../../boot/server-address.ts'
import { bootStateOf } from '../../../boot/state.ts'
import type { ClusterNode, Snapshot } from '../../../cluster/model.ts'
import { compileSnapshot } from '../../../cluster/snapshot.ts'
import type { Finding } from '../../../statelite/finding.ts'
import { directoriesOf } from '../../../statelite/own-directories.ts'
import { resolveServer } from '../../../statelite/servers.ts'
import type { TablesView } from '../../../tables/row.ts'
import { bootFilesAt, type WantedLoader, wantedLoaders } from './loaders.ts'
import type { CheckReport } from './report.ts'
import type { Subject } from './subject.ts'

export interface NeededDirectory {
  readonly server: string
  readonly isOwn: boolean
  readonly path: string
  readonly access: 'ro' | 'rw'
  /** The first that needs it. */
  readonly node: string
}

/** What the nodes need of the machine: looked at once for all of them. */
export interface Needs {
  readonly directories: Map<string, NeededDirectory>
  readonly loaders: Map<string, WantedLoader>
  /** Names of the networks that nodes are in. */
  readonly networks: Map<string, string[]>
}

/** Nodes between two pauses, and per snapshot: answers are remembered by snapshot, and memory is to stay bounded. */
const CHUNK = 500

export async function checkNodesOf(
  view: TablesView,
  first: Snapshot,
  answers: NodeAnswers,
  subject: Subject,
  report: CheckReport,
  onProgress: (line: string) => void,
): Promise<Needs> {
  const needs: Needs = { directories: new Map(), loaders: new Map(), networks: new Map() }
  let snapshot = first
  for (const [at, name] of subject.nodes.entries()) {
    if (at > 0 && at % CHUNK === 0) {
      await new Promise<void>((resolve) => setImmediate(resolve))
      snapshot = compileSnapshot(view, snapshot, snapshot.number)
      if (at % (10 * CHUNK) === 0) onProgress(`${at} of ${subject.nodes.length} nodes checked ...`)
    }
    const node = snapshot.node(name)
    if (node === undefined) continue
    try {
      checkNode(node, snapshot, answers, subject, report, needs)
    } catch (error) {
      report.add('error', 'internal', 'check', `could not be checked: ${String(error)}`, 'report this', name)
    }
  }
  return needs
}

function checkNode(
  node: ClusterNode,
  snapshot: Snapshot,
  answers: NodeAnswers,
  subject: Subject,
  report: CheckReport,
  needs: Needs,
): void {
  const { name } = node
  const say = (severity: 'error' | 'warning' | 'info', code: string, where: string, message: string, remedy: string) =>
    report.add(severity, code, where, message, remedy, name)
  if (node.imageName === undefined) {
    if (!subject.isWhole)
      say(
        'info',
        'no-image',
        'nodetype row',
        'no image: it boots from its next device',
        `nodeset ${name} osimage=<image>`,
      )
    return
  }
  const state = bootStateOf(node)
  if (state !== 'image')
    say(
      'info',
      'not-booting',
      'chain row',
      `set to ${state === 'disk' ? 'boot from its next device' : 'boot nothing'}`,
      `nodeset ${name} osimage`,
    )
  for (const finding of findingsOf(node, snapshot, answers))
    if (!isConsequence(finding, node, snapshot)) addFinding(finding, node, report)
  checkArchitecture(node, snapshot, say)
  const network = node.ip === undefined ? undefined : snapshot.networkOf(node.ip)
  if (network !== undefined) {
    const nodes = needs.networks.get(network.netname)
    if (nodes) nodes.push(name)
    else needs.networks.set(network.netname, [name])
  }
  noteNeeds(node, snapshot, answers, report, needs)
}

function findingsOf(node: ClusterNode, snapshot: Snapshot, answers: NodeAnswers): readonly Finding[] {
  const plan = answers.plan(node, snapshot)
  if (plan.plan === undefined) return plan.findings
  const line = answers.kernelLine(node, snapshot)
  if ('findings' in line) return [...plan.warnings, ...line.findings]
  return plan.warnings
}

/** Its address went to the node that had it first: that is a finding about the row, with the other node's name. */
function isConsequence({ message }: Finding, { name }: ClusterNode, { faults }: Snapshot): boolean {
  if (message !== 'no address' && message !== 'no hardware address') return false
  return faults.some((fault) => fault.includes(` row node=${name}: `) && fault.includes(' belongs to node '))
}

/** A finding about one node begins with its name; any other is about a row, and the same for all nodes. */
function addFinding({ severity, where, message, advice }: Finding, node: ClusterNode, report: CheckReport): void {
  const isOwn = where.startsWith(`${node.name}: `)
  const place = isOwn ? where.slice(node.name.length + 2) : where
  report.add(severity, isOwn ? 'node' : 'statelite', place, message, advice, isOwn ? node.name : undefined)
}

type Say = (
  severity: 'error' | 'warning' | 'info',
  code: string,
  where: string,
  message: string,
  remedy: string,
) => void

function checkArchitecture(node: ClusterNode, snapshot: Snapshot, say: Say): void {
  const image = node.imageName === undefined ? undefined : snapshot.images.get(node.imageName)
  if (image === undefined) return
  const own = node.attribute('nodetype', 'arch')
  if (own === undefined && image.osarch === undefined)
    say(
      'warning',
      'no-arch',
      'nodetype row',
      'the architecture is not known: x86_64 is assumed',
      `chdef ${node.name} arch=<architecture>`,
    )
  if (own !== undefined && image.osarch !== undefined && own !== image.osarch)
    say(
      'error',
      'wrong-arch',
      'nodetype row',
      `the node is ${own}, its image ${image.name} is for ${image.osarch}`,
      `correct nodetype.arch, osimage.osarch or the node's provmethod`,
    )
}

function noteNeeds(
  node: ClusterNode,
  snapshot: Snapshot,
  answers: NodeAnswers,
  report: CheckReport,
  needs: Needs,
): void {
  const context = answers.context(node, snapshot)
  if ('findings' in context) return
  const own = context.value.ownAddresses ?? [context.value.serverIp]
  const statelite = answers.statelite(node, snapshot)
  for (const { server, path, access } of 'value' in statelite ? directoriesOf(statelite.value) : []) {
    const key = `${server}\0${path}\0${access}`
    if (!needs.directories.has(key))
      needs.directories.set(key, { server, isOwn: own.includes(server), path, access, node: node.name })
  }
  const resolve = (name: string) => resolveServer(name, snapshot, context.value.resolve)
  const boot = decideServerAddress('boot', node, snapshot, own, resolve)
  if ('finding' in boot) {
    addFinding(boot.finding, node, report)
    return
  }
  if (!boot.ours) {
    const message = `boots from server ${boot.ip} (${boot.reason}): what that one has is not checked`
    report.add('info', 'other-server', 'noderes row', message, '', node.name)
    return
  }
  for (const file of bootFilesAt(node, snapshot, context.value)) wantedLoaders(needs.loaders, file, node.name)
}
