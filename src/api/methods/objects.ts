/** lsdef, mkdef, chdef, rmdef: the tables room words everything, the store writes it in one transaction. */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { type LsdefRequest, planLsdef } from '../../tables/lsdef.ts'
import { applyOperations, type CommandPlan, type Message } from '../../tables/messages.ts'
import { type ObjectChangeRequest, planObjectChange } from '../../tables/object-change.ts'
import { planObjectRemove, planObjectRename } from '../../tables/object-remove.ts'
import type { ObjectsContext } from '../../tables/objects.ts'
import { createResolver } from '../../tables/resolve.ts'
import { splitList, type TablesView } from '../../tables/row.ts'
import { parseStanzas } from '../../tables/stanza.ts'
import { OperatorError } from '../errors.ts'
import { type CommandResult, commandResult } from '../protocol.ts'
import { edit, live, type MethodContext, method, warningsOf } from './context.ts'

function objectsContext(view: TablesView): ObjectsContext {
  return {
    view,
    resolver: createResolver(view),
    readFile: (path) => {
      try {
        return readFileSync(path, 'utf8')
      } catch {
        return undefined
      }
    },
  }
}

function render(
  messages: readonly Message[],
  exitStatus: number,
  data: unknown,
  more: readonly string[] = [],
): CommandResult {
  const output = messages.filter(({ kind }) => kind === 'info').map(({ text }) => text)
  const errors = messages
    .filter(({ kind }) => kind !== 'info')
    .map(({ kind, text }) => `${kind === 'error' ? 'Error' : 'Warning'}: ${text}`)
  return commandResult(output, data, [...errors, ...more], exitStatus)
}

/** Plans inside the transaction, so that nothing can come between reading and writing. */
async function perform(context: MethodContext, plan: (objects: ObjectsContext) => CommandPlan): Promise<CommandResult> {
  const outcome = edit(context, (transaction) => {
    const planned = plan(objectsContext(transaction))
    applyOperations(transaction, planned.operations)
    return planned
  })
  await live(context, outcome)
  const { messages, exitStatus } = outcome.result
  return render(
    messages,
    exitStatus,
    { changes: outcome.changes.length, snapshot: context.cluster.current.number },
    warningsOf(outcome),
  )
}

const flag = z.boolean().optional()
const word = z.string().optional()
const words = z.array(z.string()).optional()

/** Absent and undefined are the same to a caller; the tables room wants them absent. */
function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}

export const show = method(
  z.object({
    names: word,
    type: word,
    attributes: word,
    long: flag,
    short: flag,
    all: flag,
    compact: flag,
    where: words,
    stanza: flag,
    hidden: flag,
    verbose: flag,
  }),
  ({ store }, { type, attributes, names, ...options }) => {
    const request = defined({
      ...options,
      types: type,
      names,
      attributes: attributes === undefined ? undefined : splitList(attributes),
    }) as LsdefRequest
    const objects = objectsContext(store)
    const { messages, exitStatus } = planLsdef(objects, request)
    return render(messages, exitStatus, describeObjects(objects, request))
  },
)

/** For programs: the objects that lsdef found, with all attributes. */
function describeObjects(objects: ObjectsContext, request: LsdefRequest): object[] {
  const { compact: _compact, short: _short, verbose: _verbose, ...rest } = request
  const { messages } = planLsdef(objects, { ...rest, stanza: true, long: true })
  const text = messages.filter(({ kind }) => kind === 'info').map((message) => message.text)
  return parseStanzas(text.join('\n')).objects.map(({ type, name, attributes }) => ({
    type: type.name,
    name,
    attributes: Object.fromEntries(attributes),
  }))
}

const changeParams = z.object({
  operands: z.array(z.string()),
  assignments: z.array(z.string()),
  objects: word,
  type: word,
  force: flag,
  plus: flag,
  minus: flag,
  newName: word,
  dynamic: flag,
  where: words,
  stanzas: word,
  verbose: flag,
})

function namesOf(params: z.infer<typeof changeParams>): string | undefined {
  if (params.operands.length > 1) throw new OperatorError('LB_USAGE', 'noderange can not contain spaces.')
  return params.objects ?? params.operands[0]
}

function parseAssignments(assignments: readonly string[]): [string, string][] {
  return assignments.map((assignment) => {
    const at = assignment.indexOf('=')
    return [assignment.slice(0, at).trim(), assignment.slice(at + 1).trim()]
  })
}

function changeRequest(command: 'mkdef' | 'chdef', params: z.infer<typeof changeParams>): ObjectChangeRequest {
  const { type, force, dynamic, where, stanzas, verbose } = params
  if (params.plus && params.minus)
    throw new OperatorError('LB_USAGE', "The flags '-p' and '-m' cannot be used together.")
  const mode = params.plus ? 'append' : params.minus ? 'remove' : 'set'
  const attributes = parseAssignments(params.assignments)
  return {
    command,
    attributes,
    mode,
    ...defined({ type, names: namesOf(params), force, dynamic, where, stanzas, verbose }),
  }
}

export const make = method(changeParams, (context, params) =>
  perform(context, (objects) => planObjectChange(objects, changeRequest('mkdef', params))),
)

export const change = method(changeParams, (context, params) => {
  const { newName } = params
  if (newName === undefined)
    return perform(context, (objects) => planObjectChange(objects, changeRequest('chdef', params)))
  const from = namesOf(params)
  if (from === undefined) throw new OperatorError('LB_USAGE', 'No object names were provided.')
  return perform(context, (objects) => planObjectRename(objects, params.type ?? 'node', from, newName))
})

export const remove = method(
  z.object({ names: word, type: word, all: flag, force: flag, verbose: flag }),
  (context, { names, type, all, force, verbose }) =>
    perform(context, (objects) => planObjectRemove(objects, defined({ names, type, all, force, verbose }))),
)
