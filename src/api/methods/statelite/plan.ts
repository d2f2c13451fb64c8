/** The plan of one node, and what a rehearsal needs to know of it. */
import { renderPlan } from '../../../statelite/plan-text.ts'
import { renderFinding } from '../../../tables/findings.ts'
import { OperatorError } from '../../errors.ts'
import { findingLine, tableFinding } from '../../findings.ts'
import { commandResult } from '../../protocol.ts'
import type { Method } from '../context.ts'
import { linesOf, oneNode } from '../per-node.ts'

export const plan: Method<'statelite.plan'> = async (context, params) => {
  const { node, snapshot, answers } = await oneNode(context, params.node, 'a plan is made for')
  const compiled = answers.plan(node, snapshot)
  const findings = compiled.plan === undefined ? compiled.findings : compiled.warnings
  const errors = findings.map((finding) => findingLine(tableFinding(finding), node.name))
  if (compiled.plan === undefined) return commandResult([], { plan: null, findings }, errors, 1)
  const line = answers.kernelLine(node, snapshot)
  const kernelCommandLine = 'value' in line ? line.value.commandLine : null
  return commandResult(linesOf(renderPlan(compiled.plan)), { plan: compiled.plan, kernelCommandLine, findings }, errors)
}

export const vmDescribe: Method<'vm.describe'> = async (context, params) => {
  const { node, snapshot, answers } = await oneNode(context, params.node, 'a rehearsal boots')
  const compiled = answers.plan(node, snapshot)
  if (compiled.plan === undefined) {
    const errors = compiled.findings.filter(({ severity }) => severity === 'error').map(tableFinding)
    throw new OperatorError('LB_NO_PLAN', [`${node.name} has no plan:`, ...errors.map(renderFinding)].join('\n       '))
  }
  const { plan } = compiled
  return commandResult([], {
    mac: plan.interface.mac,
    arch: node.arch ?? 'x86_64',
    netboot: node.netboot ?? '',
    httpPort: plan.server.httpPort,
    serverAddress: plan.server.address,
    prefixLength: plan.interface.prefixLength,
  })
}
