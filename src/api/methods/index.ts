/** The methods by name; the code of a method is loaded when it is first called. */

import { SlowMatch } from '../../tables/bounded-regexp.ts'
import { maskedStore } from '../access/masked-store.ts'
import { OperatorError } from '../errors.ts'
import type { MethodName, MethodParams } from '../params.ts'
import type { CommandResult, OnProgress } from '../protocol.ts'
import { ACCESS_METHODS } from './access/methods.ts'
import { BOOT_METHODS } from './boots/methods.ts'
import { CHECK_METHODS } from './check/methods.ts'
import { type Caller, isLocal, type MethodContext, type SharedContext } from './context.ts'
import { DEPLOYMENT_METHODS } from './deployment/methods.ts'
import { DISCOVERY_METHODS } from './discovery/methods.ts'
import type { MethodEntries, MethodEntry } from './entry.ts'
import { HISTORY_METHODS } from './history/methods.ts'
import { IMAGE_METHODS } from './images/methods.ts'
import { MIGRATION_METHODS } from './migration/methods.ts'
import { NODE_METHODS } from './nodes/methods.ts'
import { OBJECT_METHODS } from './objects/methods.ts'
import { STATELITE_METHODS } from './statelite/methods.ts'
import { TABLE_METHODS } from './tables/methods.ts'

export const METHODS: MethodEntries<MethodName> = {
  ...TABLE_METHODS,
  ...OBJECT_METHODS,
  ...NODE_METHODS,
  ...DEPLOYMENT_METHODS,
  ...STATELITE_METHODS,
  ...IMAGE_METHODS,
  ...BOOT_METHODS,
  ...DISCOVERY_METHODS,
  ...CHECK_METHODS,
  ...HISTORY_METHODS,
  ...ACCESS_METHODS,
  ...MIGRATION_METHODS,
}

/** The API as functions in this process, for whoever calls. */
export interface Methods {
  /** @throws OperatorError */
  call<M extends MethodName>(
    caller: Caller,
    name: M,
    params: MethodParams[M],
    onProgress?: OnProgress,
    signal?: AbortSignal,
  ): Promise<CommandResult>
}

export function openMethods(shared: SharedContext): Methods {
  return {
    call: (caller, name, params, onProgress = () => {}, signal) =>
      withinTime(() => callMethod(signal ? { ...shared, signal } : shared, caller, name, params, onProgress)),
  }
}

/** A regular expression of the request that takes too long is the caller's fault, not ours. */
async function withinTime<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof SlowMatch) throw new OperatorError('LB_BAD_INPUT', error.message)
    throw error
  }
}

async function callMethod<M extends MethodName>(
  shared: SharedContext & Pick<MethodContext, 'signal'>,
  caller: Caller,
  name: M,
  params: MethodParams[M],
  onProgress: OnProgress,
): Promise<CommandResult> {
  const entry = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined
  if (!entry) throw new OperatorError('LB_NO_METHOD', `there is no method ${name}`)
  const method = await entry.load()
  // Nothing may come between asking whether the caller may and doing it.
  const authorise = isLocal(caller) ? undefined : (await import('../access/authorise.ts')).authorise
  const audited = entry.changes ? (await import('./history/audit.ts')).audited : undefined
  // What another process has written a moment ago counts, too.
  shared.store.refresh()
  const context = callContext(shared, caller, entry, params)
  authorise?.(context, entry, params)
  if (audited && !context.dryRun) return audited(context, (inAudit) => method(inAudit, params, onProgress))
  const result = await method(context, params, onProgress)
  if (!context.dryRun) return result
  const { withEffects } = await import('../effects/dry-run.ts')
  return withEffects(context, result, onProgress)
}

function callContext<M extends MethodName>(
  shared: SharedContext & Pick<MethodContext, 'signal'>,
  caller: Caller,
  entry: MethodEntry<M>,
  params: MethodParams[M],
): MethodContext {
  const request = {
    command: entry.command,
    noderange: entry.noderange?.(params) || undefined,
    words: entry.words?.(params) ?? [],
  }
  const dryRun = entry.changes === true && 'dryRun' in params && params.dryRun === true
  const onlyLooks = entry.role === 'viewer' && caller.role !== 'administrator'
  const store = onlyLooks && !isLocal(caller) ? maskedStore(shared.store) : shared.store
  return { ...shared, store, caller, request, dryRun, ...(dryRun ? { foreseen: [] } : {}) }
}

/** Loads every method, so that the first command is as fast as the others. */
export async function preloadMethods(): Promise<void> {
  await Promise.all(Object.values(METHODS).map(({ load }) => load()))
}
