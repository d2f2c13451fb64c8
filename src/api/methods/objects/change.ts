/** mkdef, chdef, rmdef: the tables room plans and words everything, the store writes it in one transaction. */
import { applyOperations, type CommandPlan } from '../../../tables/messages.ts'
import { type ObjectChangeRequest, planObjectChange } from '../../../tables/object-change.ts'
import { planObjectRemove, planObjectRename } from '../../../tables/object-remove.ts'
import type { ObjectsContext } from '../../../tables/objects.ts'
import { OperatorError } from '../../errors.ts'
import type { MethodParams } from '../../params.ts'
import type { CommandResult } from '../../protocol.ts'
import type { Method, MethodContext } from '../context.ts'
import { edit } from '../edit.ts'
import { defined, messageResult, objectsContext } from './context.ts'

export const make: Method<'objects.make'> = (context, params) => {
  if (params.plus || params.minus)
    throw new OperatorError('LB_USAGE', "The '-p' and '-m' options are not valid for the mkdef command.")
  const request = changeRequest('mkdef', params)
  return perform(context, (objects) => planObjectChange(objects, request))
}

export const change: Method<'objects.change'> = (context, params) => {
  const { newName } = params
  const request = changeRequest('chdef', params)
  if (newName === undefined) return perform(context, (objects) => planObjectChange(objects, request))
  const { names } = request
  if (names === undefined) throw new OperatorError('LB_USAGE', 'No object names were provided.')
  return perform(context, (objects) => planObjectRename(objects, request.type ?? 'node', names, newName))
}

export const remove: Method<'objects.remove'> = (context, params) =>
  perform(context, (objects) => planObjectRemove(objects, defined(params)))

/** Plans inside the transaction, so that nothing can come between reading and writing. */
async function perform(context: MethodContext, plan: (objects: ObjectsContext) => CommandPlan): Promise<CommandResult> {
  const { result, changes, snapshot, warnings } = await edit(context, (transaction) => {
    const planned = plan(objectsContext(transaction))
    applyOperations(transaction, planned.operations)
    return planned
  })
  return messageResult(result.messages, result.exitStatus, { changes, snapshot }, warnings)
}

type ChangeParams = MethodParams['objects.change']

function changeRequest(command: 'mkdef' | 'chdef', params: ChangeParams): ObjectChangeRequest {
  const { type, objects, operands, force, dynamic, where, stanzas, verbose } = params
  if (operands.length > 1) throw new OperatorError('LB_USAGE', 'noderange can not contain spaces.')
  if (params.plus && params.minus)
    throw new OperatorError('LB_USAGE', "The flags '-p' and '-m' cannot be used together.")
  const names = objects ?? operands[0]
  if (stanzas !== undefined) {
    const other =
      type !== undefined ? "'-t'" : objects !== undefined ? "'-o'" : names !== undefined ? 'a noderange' : ''
    if (other !== '') throw new OperatorError('LB_USAGE', `The flag '-z' and ${other} cannot be used together.`)
  }
  return {
    command,
    attributes: params.assignments.map(parseAssignment),
    mode: params.plus ? 'append' : params.minus ? 'remove' : 'set',
    ...defined({ type, names, force, dynamic, where, stanzas, verbose }),
  }
}

function parseAssignment(assignment: string): [name: string, value: string] {
  const at = assignment.indexOf('=')
  return [assignment.slice(0, at).trim(), assignment.slice(at + 1).trim()]
}
