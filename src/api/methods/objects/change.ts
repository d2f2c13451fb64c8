/** mkdef, chdef, rmdef: the tables room plans and words everything, the store writes it in one transaction. */
import { isGroup, isNode } from '../../../tables/groups.ts'
import { type Filled, fillImage } from '../../../tables/image-fill.ts'
import { applyOperations, type CommandPlan } from '../../../tables/messages.ts'
import { type ObjectChangeRequest, planObjectChange } from '../../../tables/object-change.ts'
import { planObjectRemove, planObjectRename } from '../../../tables/object-remove.ts'
import { applyTemplate } from '../../../tables/object-templates.ts'
import { OBJECT_TYPES, type ObjectType } from '../../../tables/object-types.ts'
import { type ObjectsContext, parseObjectNames, readAttribute } from '../../../tables/objects.ts'
import { cell, enabledRows, splitList } from '../../../tables/row.ts'
import { OperatorError } from '../../errors.ts'
import type { MethodParams } from '../../params.ts'
import { type CommandResult, commandResult } from '../../protocol.ts'
import type { Method, MethodContext } from '../context.ts'
import { edit } from '../edit.ts'
import { defined, messageResult, objectsContext } from './context.ts'
import { fileSearch, thisMachine } from './this-machine.ts'

export const make: Method<'objects.make'> = (context, params) => {
  if (params.plus || params.minus)
    throw new OperatorError('LB_USAGE', "The '-p' and '-m' options are not valid for the mkdef command.")
  const request = changeRequest('mkdef', params)
  return perform(context, (objects) => planPrepared(objects, request, params))
}

export const change: Method<'objects.change'> = (context, params) => {
  const { newName } = params
  const request = changeRequest('chdef', params)
  if (newName === undefined) return perform(context, (objects) => planPrepared(objects, request, params))
  const { names } = request
  if (names === undefined) throw new OperatorError('LB_USAGE', 'No object names were provided.')
  return perform(context, (objects) => planObjectRename(objects, request.type ?? 'node', names, newName))
}

/** --template and -u add attributes, which depend on the tables and on files. */
function planPrepared(objects: ObjectsContext, request: ObjectChangeRequest, params: ChangeParams): CommandPlan {
  const { template, fill } = params
  if (template === undefined && !fill) return planObjectChange(objects, request)
  const type = request.type ?? (fill ? 'osimage' : 'node')
  const given =
    template === undefined
      ? { attributes: request.attributes }
      : applyTemplate(objects, type, template, request.attributes)
  const prepared = fill && !('fault' in given) ? filled(objects, request, new Map(given.attributes)) : given
  if ('fault' in prepared) return { operations: [], messages: [{ kind: 'error', text: prepared.fault }], exitStatus: 1 }
  return planObjectChange(objects, { ...request, type, attributes: prepared.attributes })
}

/** chdef -u: what is not given is as the image has it. */
function filled(objects: ObjectsContext, request: ObjectChangeRequest, given: ReadonlyMap<string, string>): Filled {
  const type = OBJECT_TYPES.get('osimage') as ObjectType
  const now = new Map<string, string>()
  if (request.command === 'chdef' && request.names !== undefined)
    for (const name of ['profile', 'provmethod', 'osvers', 'osarch']) {
      const value = readAttribute(objects, type, request.names, name)?.value
      if (value !== undefined) now.set(name, value)
    }
  const row = enabledRows(objects.view, 'site').find((each) => cell(each, 'key') === 'installdir')
  const installdir = (row && cell(row, 'value')) || '/install'
  return fillImage(new Map([...now, ...given]), thisMachine(), fileSearch(installdir.replace(/\/+$/, '')))
}

export const remove: Method<'objects.remove'> = (context, { ask, dryRun: _dryRun, ...params }) =>
  ask
    ? namedThroughGroups(context, params.names ?? '')
    : perform(context, (objects) => planObjectRemove(objects, defined(params)))

/** Which nodes a request would remove, and the groups among its words: `rmdef compute` removes the nodes of compute. */
function namedThroughGroups({ store }: MethodContext, names: string): CommandResult {
  const objects = objectsContext(store)
  const words = splitList(names)
  const groups = words.filter((word) => !isNode(store, word) && isGroup(store, word))
  const nodes =
    groups.length === 0 ? [] : parseObjectNames(objects, OBJECT_TYPES.get('node') as ObjectType, names).names
  return commandResult([], { nodes, groups })
}

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
  const filling = params.fill === true
  if (filling && stanzas !== undefined)
    throw new OperatorError('LB_USAGE', "The flags '-z' and '-u' cannot be used together.")
  if (filling && type !== undefined && type !== 'osimage')
    throw new OperatorError('LB_USAGE', "The '-u' option is only for objects of type 'osimage'.")
  if (params.template !== undefined && stanzas !== undefined)
    throw new OperatorError('LB_USAGE', "The flags '-z' and '--template' cannot be used together.")
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
