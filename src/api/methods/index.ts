/** The methods by name; the code of a method is loaded when it is first called. */
import { OperatorError } from '../errors.ts'
import type { MethodName } from '../params.ts'
import type { Api } from '../protocol.ts'
import type { Method, MethodContext } from './context.ts'

type Methods = { readonly [M in MethodName]: () => Promise<Method<M>> }

const METHODS: Methods = {
  'server.ping': async () => (await import('./status.ts')).ping,
  'tables.dump': async () => (await import('./table-dump.ts')).dump,
  'tables.restore': async () => (await import('./table-restore.ts')).restore,
  'tables.change': async () => (await import('./table-change.ts')).change,
  'objects.describe': async () => (await import('./object-show.ts')).describe,
  'objects.show': async () => (await import('./object-show.ts')).show,
  'objects.make': async () => (await import('./object-change.ts')).make,
  'objects.change': async () => (await import('./object-change.ts')).change,
  'objects.remove': async () => (await import('./object-change.ts')).remove,
  'statelite.litefile': async () => (await import('./statelite.ts')).litefile,
  'statelite.ilitefile': async () => (await import('./statelite.ts')).ilitefile,
  'statelite.litetree': async () => (await import('./statelite.ts')).litetree,
  'statelite.lslite': async () => (await import('./statelite.ts')).lslite,
  'statelite.plan': async () => (await import('./plan.ts')).plan,
  'image.liteimg': async () => (await import('./image.ts')).liteimg,
  'timeline.show': async () => (await import('./timeline.ts')).timelineShow,
  'exports.list': async () => (await import('./status.ts')).exportsList,
  'leases.list': async () => (await import('./status.ts')).leasesList,
  'vm.describe': async () => (await import('./plan.ts')).vmDescribe,
}

/** The API as functions in this process. */
export function openMethods(context: MethodContext): Api {
  return {
    async call(name, params, onProgress = () => {}) {
      const load = METHODS[name]
      if (!load) throw new OperatorError('LB_NO_METHOD', `there is no method ${name}`)
      const method = await load()
      // What another process has written a moment ago counts, too.
      context.store.refresh()
      return method(context, params, onProgress)
    },
    async close() {},
  }
}

/** Loads every method, so that the first command is as fast as the others. */
export async function preloadMethods(): Promise<void> {
  await Promise.all(Object.values(METHODS).map((load) => load()))
}
