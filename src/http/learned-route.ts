/** Where nodes in learning mode send the list of what was written. Answers the node's own address only. */
import type { EmitEvent } from '../timeline/event.ts'
import { HTTP_LIMITS } from './limits.ts'
import type { HttpRoute } from './route.ts'
import { allowMethods, answerEmpty, answerRefusal } from './text.ts'

const LEARNED_PATH = /^\/node\/v1\/([A-Za-z0-9][A-Za-z0-9._-]*)\/learned$/

export interface LearnedRouteOptions {
  readonly nodeOf: (clientIp: string) => string | undefined
  /** A node that was never told to learn has nothing to send. */
  readonly learns: (node: string) => Promise<boolean>
  readonly keep: (
    node: string,
    body: Buffer,
  ) => Promise<{ readonly bootId: string; readonly paths: number } | { readonly fault: string }>
  readonly emit: EmitEvent
  readonly now: () => number
}

/** `POST /node/v1/<node>/learned`: kept, then 204. */
export function learnedRoute(options: LearnedRouteOptions): HttpRoute {
  return {
    name: 'learned',
    events: 'count',
    matches: (path) => LEARNED_PATH.test(path),
    async handle(request, response) {
      if (!allowMethods(request, response, 'POST')) return
      const node = LEARNED_PATH.exec(request.path)?.[1] ?? ''
      const sender = options.nodeOf(request.clientIp)
      const about = { ip: request.clientIp, ...(sender === undefined ? {} : { node: sender }) }
      const refuse = (status: number, message: string) => {
        const event = { service: 'http', event: 'refused', object: request.path, ok: false } as const
        options.emit({ ...about, ...event, atMs: options.now(), detail: message })
        // The body was not read, or not to its end.
        answerRefusal(request, response, status, message, { Connection: 'close' })
      }
      if (sender !== node) return refuse(403, `${request.clientIp} is not ${node}`)
      if (!(await options.learns(node))) return refuse(409, `${node} is not in learning mode: nodeset ${node} learn`)
      const read = await request.readBody(HTTP_LIMITS.learnedBytes)
      if ('fault' in read) {
        if (read.fault === 'cut') return
        return refuse(413, `a list of written paths has at most ${HTTP_LIMITS.learnedBytes} bytes`)
      }
      const kept = await options.keep(node, read.body)
      if ('fault' in kept) return refuse(400, `malformed list of written paths: ${kept.fault}`)
      options.emit({
        ...about,
        atMs: options.now(),
        service: 'os',
        event: 'learned',
        ok: true,
        bytes: read.body.length,
        bootId: kept.bootId,
        detail: `${kept.paths} paths written so far`,
      })
      answerEmpty(response, 204)
    },
  }
}
