/** litefile, ilitefile, litetree, lslite, plan. */
import { z } from 'zod'
import type { ClusterNode, Image, ImageName, Snapshot } from '../../cluster/model.ts'
import type { NodeStatelite } from '../../statelite/compile.ts'
import { type Entry, selectEntries } from '../../statelite/entries.ts'
import { type Finding, renderFinding } from '../../statelite/finding.ts'
import { checkEntries } from '../../statelite/matrix.ts'
import { renderPlan } from '../../statelite/plan-text.ts'
import {
  describeEntries,
  describeStatelite,
  renderImageEntries,
  renderLitefile,
  renderLitetree,
  renderLslite,
} from '../../statelite/render.ts'
import { OperatorError } from '../errors.ts'
import { type CommandResult, commandResult } from '../protocol.ts'
import { type MethodContext, method, nodesOf } from './context.ts'

export function imageNamed(snapshot: Snapshot, name: string): Image {
  const image = snapshot.images.get(name as ImageName)
  if (!image) throw new OperatorError('LB_NO_IMAGE', `The osimage named '${name}' is not defined.`)
  return image
}

/** @throws OperatorError with every error of the image's rows */
export function checkedEntries(
  image: Image,
  snapshot: Snapshot,
): { entries: readonly Entry[]; warnings: readonly Finding[] } {
  const selected = selectEntries(image, snapshot.litefile)
  const findings = [...selected.findings, ...checkEntries(selected.entries)]
  const errors = findings.filter((finding) => finding.severity === 'error')
  if (errors.length > 0)
    throw new OperatorError('LB_BAD_EDIT', errors.map(renderFinding).join('\n       '), 'Correct the rows named above.')
  return { entries: selected.entries, warnings: findings }
}

const lines = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'))

/** One answer per node; a node that has none does not stop the others. */
function perNode(
  context: MethodContext,
  noderange: string,
  render: (statelite: NodeStatelite) => string,
): CommandResult {
  const { nodes, snapshot } = nodesOf(context, noderange)
  const output: string[] = []
  const errors: string[] = []
  const data: object[] = []
  for (const node of nodes) {
    const answer = context.answers.statelite(node, snapshot)
    if ('findings' in answer) {
      errors.push(...answer.findings.map((finding) => `${node.name}: Error: ${renderFinding(finding)}`))
      continue
    }
    output.push(...lines(render(answer.value)))
    data.push(describeStatelite(answer.value))
    errors.push(...answer.value.findings.map((finding) => findingLine(node, finding)))
  }
  return commandResult(output, data, errors, errors.some((line) => line.includes(': Error: ')) ? 1 : 0)
}

function findingLine(node: ClusterNode, finding: Finding): string {
  return `${node.name}: ${finding.severity === 'error' ? 'Error' : 'Warning'}: ${renderFinding(finding)}`
}

const ranged = z.object({ noderange: z.string() })

export const litefile = method(ranged, (context, { noderange }) =>
  perNode(context, noderange, ({ node, entries }) => renderLitefile(node.name, entries)),
)

export const litetree = method(ranged, (context, { noderange }) =>
  perNode(context, noderange, ({ node, trees }) => renderLitetree(node.name, trees)),
)

export const ilitefile = method(z.object({ image: z.string() }), ({ cluster }, { image: name }) => {
  const image = imageNamed(cluster.current, name)
  const { entries, findings } = selectEntries(image, cluster.current.litefile)
  const errors = findings.map(
    (finding) => `${finding.severity === 'error' ? 'Error' : 'Warning'}: ${renderFinding(finding)}`,
  )
  return commandResult(lines(renderLitefile(name, entries)), describeEntries(entries), errors)
})

export const lslite = method(
  z.object({ noderange: z.string().optional(), image: z.string().optional(), verbose: z.boolean() }),
  (context, { noderange, image: imageName, verbose }) => {
    if (imageName !== undefined) {
      const image = imageNamed(context.cluster.current, imageName)
      const { entries } = selectEntries(image, context.cluster.current.litefile)
      return commandResult(lines(renderImageEntries(entries, verbose)), describeEntries(entries))
    }
    if (noderange === undefined) throw new OperatorError('LB_USAGE', 'lslite needs a noderange, or -i and an image')
    return perNode(context, noderange, (statelite) => renderLslite(statelite, verbose))
  },
)

export const plan = method(z.object({ node: z.string() }), (context, { node: name }) => {
  const { nodes, snapshot } = nodesOf(context, name)
  const [node] = nodes
  if (!node || nodes.length > 1) throw new OperatorError('LB_USAGE', 'plan takes exactly one node')
  const compiled = context.answers.plan(node, snapshot)
  const line = context.answers.kernelLine(node, snapshot)
  if (compiled.plan === undefined) {
    return commandResult(
      [],
      compiled.findings,
      compiled.findings.map((finding) => findingLine(node, finding)),
      1,
    )
  }
  const warnings = compiled.warnings.map((finding) => findingLine(node, finding))
  const kernel = 'value' in line ? line.value.commandLine : undefined
  return commandResult(
    lines(renderPlan(compiled.plan)),
    { plan: compiled.plan, kernelCommandLine: kernel ?? null },
    warnings,
  )
})
