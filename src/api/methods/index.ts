/** The methods by name, and how one is called. */
import { OperatorError } from '../errors.ts'
import type { Api } from '../protocol.ts'
import type { Method, MethodContext } from './context.ts'
import { liteimgMethod } from './image.ts'
import * as objects from './objects.ts'
import * as statelite from './statelite.ts'
import * as status from './status.ts'
import * as tables from './tables.ts'
import { timelineShow } from './timeline.ts'

const METHODS: Readonly<Record<string, Method>> = {
  'server.ping': status.ping,
  'tables.dump': tables.dump,
  'tables.restore': tables.restore,
  'tables.change': tables.change,
  'objects.show': objects.show,
  'objects.make': objects.make,
  'objects.change': objects.change,
  'objects.remove': objects.remove,
  'statelite.litefile': statelite.litefile,
  'statelite.ilitefile': statelite.ilitefile,
  'statelite.litetree': statelite.litetree,
  'statelite.lslite': statelite.lslite,
  'statelite.plan': statelite.plan,
  'image.liteimg': liteimgMethod,
  'timeline.show': timelineShow,
  'exports.list': status.exportsList,
  'leases.list': status.leasesList,
  'vm.describe': status.vmDescribe,
}

/** The API as functions in this process. */
export function openMethods(context: MethodContext): Api {
  return {
    async call(name, params, onProgress = () => {}) {
      const method = METHODS[name]
      if (!method) throw new OperatorError('LB_NO_METHOD', `there is no method ${name}`)
      return method(context, params, onProgress)
    },
    async close() {},
  }
}
