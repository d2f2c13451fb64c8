/** `GET /node/v1/<node>/partition-script`: the script form of a partition file, as the node's plan names it by its digest. */
import type { EmitEvent } from '../timeline/event.ts'
import type { PlanAnswer } from './node-routes.ts'
import type { HttpRoute } from './route.ts'
import { allowMethods, answerRefusal, answerText } from './text.ts'

const SCRIPT_PATH = /^\/node\/v1\/([A-Za-z0-9][A-Za-z0-9._-]*)\/partition-script$/

export interface PartitionScriptOptions {
  readonly scriptOf: (node: string, clientIp: string) => PlanAnswer
  readonly emit: EmitEvent
  readonly now: () => number
}

export function partitionScriptRoute(options: PartitionScriptOptions): HttpRoute {
  return {
    name: 'partition-script',
    events: 'count',
    matches: (path) => SCRIPT_PATH.test(path),
    handle(request, response) {
      if (!allowMethods(request, response, 'GET', 'HEAD')) return
      const node = SCRIPT_PATH.exec(request.path)?.[1] ?? ''
      const answer = options.scriptOf(node, request.clientIp)
      const seen = {
        service: 'http',
        event: 'partition script',
        node,
        ip: request.clientIp,
        object: request.path,
      } as const
      if (answer.kind === 'refused') {
        options.emit({ ...seen, atMs: options.now(), ok: false, detail: `${answer.status} ${answer.message}` })
        return answerRefusal(request, response, answer.status, answer.message)
      }
      options.emit({ ...seen, atMs: options.now(), ok: true })
      answerText(request, response, 200, answer.text)
    },
  }
}
