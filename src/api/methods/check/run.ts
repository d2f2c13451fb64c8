/** check: everything that could make a boot fail, about everything or about what is named. */
import { dirname } from 'node:path'
import type { OnProgress } from '../../protocol.ts'
import { commandResult } from '../../protocol.ts'
import type { Method, MethodContext } from '../context.ts'
import { checkDirectories } from './directories.ts'
import { checkDiscoveryOf } from './discovery.ts'
import { checkImage } from './images.ts'
import { checkLoaders } from './loaders.ts'
import { type Machine, THIS_MACHINE } from './machine.ts'
import { checkNetworksOf } from './networks.ts'
import { checkNodesOf } from './nodes.ts'
import { CheckReport, type GroupedFinding, renderFindings, renderSummary, SEVERITIES } from './report.ts'
import { checkRivals } from './rivals.ts'
import { checkServer } from './server.ts'
import { compileSubject } from './subject.ts'
import { checkTablesOf } from './tables.ts'

export const checkRun: Method<'check.run'> = async (
  context,
  { targets = [], severity = 'info', strict },
  onProgress,
) => {
  const { findings, nodes, images } = await runChecks(context, targets, THIS_MACHINE, onProgress)
  const isShown = (finding: GroupedFinding) => SEVERITIES.indexOf(finding.severity) <= SEVERITIES.indexOf(severity)
  const shown = findings.filter(isShown)
  const isBad = findings.some((finding) => finding.severity === 'error' || (strict && finding.severity === 'warning'))
  const output = [...renderFindings(shown), renderSummary(findings, nodes, images)]
  return commandResult(output, { nodes, images, findings: shown }, [], isBad ? 1 : 0)
}

export interface Checked {
  readonly findings: readonly GroupedFinding[]
  readonly nodes: number
  readonly images: number
}

/** @throws OperatorError LB_NO_NODE */
export async function runChecks(
  { store, compiled, server, timelineFile }: Pick<MethodContext, 'store' | 'compiled' | 'server' | 'timelineFile'>,
  targets: readonly string[],
  machine: Machine,
  onProgress: OnProgress,
): Promise<Checked> {
  const { snapshot, answers } = await compiled()
  const served = server?.interfaces?.()
  const subject = compileSubject(targets, store, snapshot)
  const report = new CheckReport()
  onProgress(`Checking ${subject.nodes.length} nodes ...`)
  const needs = await checkNodesOf(store, snapshot, answers, subject, report, onProgress)
  checkTablesOf(store, snapshot, subject, report)
  checkNetworksOf(needs.networks, snapshot, { present: machine.addresses(), served }, report)
  await checkLoaders(needs.loaders.values(), snapshot, machine, report)
  for (const image of subject.images) {
    onProgress(`Checking image ${image.name} ...`)
    await checkImage(image, snapshot, targets.includes(image.name), machine, report)
  }
  const roots = new Set(subject.images.map(({ rootimgdir }) => `${rootimgdir}/rootimg`))
  onProgress('Checking directories ...')
  await checkDirectories(needs.directories.values(), roots, machine, report)
  if (subject.isWhole) {
    checkDiscoveryOf(snapshot, report)
    const place = { isRunning: server !== undefined, stateDirectory: dirname(timelineFile) }
    await checkServer(place, snapshot, machine, report)
  }
  if (subject.rivals) {
    onProgress('Looking for other DHCP servers ...')
    await checkRivals(server, snapshot, report)
  }
  return { findings: report.findings(), nodes: subject.nodes.length, images: subject.images.length }
}
