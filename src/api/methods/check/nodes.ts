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
import { EDIT_CHECKERS } from '../../checkers.ts'
import { bootFilesAt, checkNetboot, type WantedLoader, wantedLoaders } from './loaders.ts'
import { checkMemory, knownMemory } from './memory.ts'
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
  readonly networks: Set<string>
}

/** Nodes between two pauses, and per snapshot: answers are remembered by snapshot, and memory is to stay bounded. */
const CHUNK = 500

/** What every node is checked with. */
interface Pass {
  readonly snapshot: Snapshot
  readonly answers: NodeAnswers
  readonly isWhole: boolean
  /** Nodes whose address went to the node that had it first. */
  readonly losers: ReadonlySet<string>
  /** MiB by node, where it is known. */
  readonly memory: ReadonlyMap<string, number>
  readonly report: CheckReport
  readonly needs: Needs
}

export async function checkNodesOf(
  view: TablesView,
  first: Snapshot,
  answers: NodeAnswers,
  subject: Subject,
  report: CheckReport,
  onProgress: (line: string) => void,
): Promise<Needs> {
  const needs: Needs = { directories: new Map(), loaders: new Map(), networks: new Set() }
  // Findings about many such nodes are cut: those that are left out say for themselves that they have no address.
  const told = EDIT_CHECKERS.flatMap((checker) => checker(view)).filter(({ code }) => /^duplicate-/.test(code))
  const losers = new Set(told.map(({ row }) => row.replace(/^node=/, '')))
  const memory = knownMemory(view)
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
      checkNode(node, { snapshot, answers, isWhole: subject.isWhole, losers, memory, report, needs })
    } catch (error) {
      report.add('error', 'internal', 'check', `could not be checked: ${String(error)}`, 'report this', node)
    }
  }
  return needs
}

function checkNode(node: ClusterNode, pass: Pass): void {
  const { snapshot, answers, report, needs } = pass
  const { name } = node
  if (node.imageName === undefined) {
    const advice = `nodeset ${name} osimage=<image>`
    if (!pass.isWhole)
      report.add('info', 'no-image', 'nodetype row', 'no image: it boots from its next device', advice, node)
    return
  }
  const state = bootStateOf(node)
  if (state !== 'image') {
    const message = `set to ${state === 'disk' ? 'boot from its next device' : 'boot nothing'}`
    report.add('info', 'not-booting', 'chain row', message, `nodeset ${name} osimage`, node)
  }
  for (const finding of findingsOf(node, pass)) addFinding(finding, node, report)
  checkArchitecture(node, pass)
  const image = snapshot.images.get(node.imageName)
  checkMemory(node, image, answers.plan(node, snapshot).plan?.root, pass.memory, report)
  const network = node.ip === undefined ? undefined : snapshot.networkOf(node.ip)
  if (network !== undefined) needs.networks.add(network.netname)
  noteNeeds(node, pass)
}

function findingsOf(node: ClusterNode, { snapshot, answers, losers }: Pass): readonly Finding[] {
  const plan = answers.plan(node, snapshot)
  if (plan.plan !== undefined) {
    const line = answers.kernelLine(node, snapshot)
    return 'findings' in line ? [...plan.warnings, ...line.findings] : plan.warnings
  }
  // Who has its address is a finding about the row, with both names.
  const isConsequence = ({ message }: Finding) => losers.has(node.name) && /^no (hardware )?address$/.test(message)
  return plan.findings.filter((finding) => !isConsequence(finding))
}

/** A finding about one node begins with its name; any other is about a row, and the same for all nodes. */
function addFinding({ severity, where, message, advice }: Finding, node: ClusterNode, report: CheckReport): void {
  const isOwn = where.startsWith(`${node.name}: `)
  const place = isOwn ? where.slice(node.name.length + 2) : where
  report.add(severity, isOwn ? 'node' : 'statelite', place, message, advice, isOwn ? node : undefined)
}

function checkArchitecture(node: ClusterNode, { snapshot, report }: Pass): void {
  const image = node.imageName === undefined ? undefined : snapshot.images.get(node.imageName)
  if (image === undefined) return
  const own = node.attribute('nodetype', 'arch')
  if (own === undefined && image.osarch === undefined) {
    const message = 'the architecture is not known: x86_64 is assumed'
    report.add('warning', 'no-arch', 'nodetype row', message, `chdef ${node.name} arch=<architecture>`, node)
  }
  if (own === undefined || image.osarch === undefined || own === image.osarch) return
  const message = `the node is ${own}, its image ${image.name} is for ${image.osarch}`
  const advice = "correct nodetype.arch, osimage.osarch or the node's provmethod"
  report.add('error', 'wrong-arch', 'nodetype row', message, advice, node)
}

function noteNeeds(node: ClusterNode, { snapshot, answers, report, needs }: Pass): void {
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
    report.add('info', 'other-server', 'noderes row', message, '', node)
    return
  }
  checkNetboot(node, report)
  for (const file of bootFilesAt(node, snapshot, context.value)) wantedLoaders(needs.loaders, file, node.name)
}
