/** litefile, ilitefile, litetree, lslite. */
import type { ClusterNode } from '../../../cluster/model.ts'
import type { NodeStatelite } from '../../../statelite/compile.ts'
import { selectEntries } from '../../../statelite/entries.ts'
import { checkEntries } from '../../../statelite/matrix.ts'
import {
  describeEntries,
  describeStatelite,
  renderImageEntries,
  renderLitefile,
  renderLitetree,
  renderLslite,
} from '../../../statelite/render.ts'
import { OperatorError } from '../../errors.ts'
import { findingLine, tableFinding } from '../../findings.ts'
import { type CommandResult, commandResult } from '../../protocol.ts'
import type { Compiled, Method, MethodContext } from '../context.ts'
import { imageNamed, linesOf, type NodeResult, perNode } from '../per-node.ts'

const STATELITE_TABLES = ['litefile', 'litetree', 'statelite', 'osimage', 'linuximage', 'nodetype', 'noderes']

/** @param concerns tables whose warnings belong to the command; errors always do */
function stateliteOf(
  node: ClusterNode,
  { snapshot, answers }: Compiled,
  concerns: readonly string[],
  render: (statelite: NodeStatelite) => string,
): NodeResult {
  const answer = answers.statelite(node, snapshot)
  const findings = 'findings' in answer ? answer.findings : answer.value.findings
  const errors = findings.flatMap((finding) => {
    const found = tableFinding(finding)
    if (found.severity === 'error') return findingLine(found, node.name)
    if (!concerns.includes(found.table)) return []
    // About a row that many nodes share: said once for all of them.
    return findingLine(found, finding.where.startsWith(`${node.name}: `) ? node.name : undefined)
  })
  if ('findings' in answer) return { output: [], errors }
  return { output: linesOf(render(answer.value)), errors, data: describeStatelite(answer.value) }
}

export const litefile: Method<'statelite.litefile'> = (context, { noderange }) =>
  perNode(context, noderange, (node, compiled) =>
    stateliteOf(node, compiled, ['litefile'], ({ entries }) => renderLitefile(node.name, entries)),
  )

export const litetree: Method<'statelite.litetree'> = (context, { noderange }) =>
  perNode(context, noderange, (node, compiled) =>
    stateliteOf(node, compiled, ['litetree'], ({ trees }) => renderLitetree(node.name, trees)),
  )

export const ilitefile: Method<'statelite.ilitefile'> = (context, { image }) =>
  imageEntries(context, image, (entries) => renderLitefile(image, entries))

export const lslite: Method<'statelite.lslite'> = (context, { noderange, image, verbose }) => {
  if (image !== undefined) return imageEntries(context, image, (entries) => renderImageEntries(entries, verbose))
  if (noderange === undefined) throw new OperatorError('LB_USAGE', 'lslite needs a noderange, or -i and an image')
  return perNode(context, noderange, (node, compiled) =>
    stateliteOf(node, compiled, STATELITE_TABLES, (statelite) => renderLslite(statelite, verbose)),
  )
}

async function imageEntries(
  context: MethodContext,
  name: string,
  render: (entries: ReturnType<typeof selectEntries>['entries']) => string,
): Promise<CommandResult> {
  const { snapshot } = await context.compiled()
  const image = imageNamed(snapshot, name, `The osimage named '${name}' is not defined.`)
  const { entries, findings } = selectEntries(image, snapshot.litefile)
  const errors = [...findings, ...checkEntries(entries)].map((finding) => findingLine(tableFinding(finding)))
  return commandResult(linesOf(render(entries)), describeEntries(entries), errors)
}
