/** The routes of machines that no table knows: report, and ask whether somebody has adopted them meanwhile. */
import type { EmitEvent } from '../timeline/event.ts'
import { HTTP_LIMITS } from './limits.ts'
import type { HttpRoute, RouteRequest } from './route.ts'
import { allowMethods, answerRefusal, answerText } from './text.ts'

/** `wait`, `report` or `reboot <node>`; or why not. */
export type DeskAnswer =
  | { readonly kind: 'said'; readonly text: string }
  | { readonly kind: 'refused'; readonly status: number; readonly message: string }

export interface DiscoveryDesk {
  /** Before the body is read; undefined: yes. */
  mayReport(clientIp: string): DeskAnswer | undefined
  /** Answers when it is stored. Never rejects. */
  report(clientIp: string, body: Buffer): Promise<DeskAnswer>
  state(clientIp: string): DeskAnswer
}

export interface DiscoveryRouteOptions {
  readonly desk: DiscoveryDesk
  readonly emit: EmitEvent
  readonly now: () => number
}

/** `POST /discover/v1/report`, `GET /discover/v1/state`. */
export function discoveryRoutes({ desk, emit, now }: DiscoveryRouteOptions): HttpRoute[] {
  const refuse = ({ clientIp, path }: RouteRequest, { status, message }: { status: number; message: string }) => {
    // Too many: no event either.
    if (status === 429) return
    const detail = `${status} ${message}`
    emit({ atMs: now(), service: 'http', event: 'refused', ip: clientIp, object: path, ok: false, detail })
  }
  return [
    {
      name: 'discover-report',
      events: 'count',
      matches: (path) => path === '/discover/v1/report',
      async handle(request, response) {
        if (!allowMethods(request, response, 'POST')) return
        const early = desk.mayReport(request.clientIp)
        if (early?.kind === 'refused') {
          refuse(request, early)
          // The body was not read.
          return answerRefusal(request, response, early.status, early.message, { Connection: 'close' })
        }
        const read = await request.readBody(HTTP_LIMITS.inventoryBytes)
        if ('fault' in read) {
          if (read.fault === 'cut') return
          const message = `an inventory has at most ${HTTP_LIMITS.inventoryBytes} bytes`
          refuse(request, { status: 413, message })
          return answerRefusal(request, response, 413, message, { Connection: 'close' })
        }
        const answer = early ?? (await desk.report(request.clientIp, read.body))
        if (answer.kind === 'said') return answerText(request, response, 200, `${answer.text}\n`)
        refuse(request, answer)
        answerRefusal(request, response, answer.status, answer.message)
      },
    },
    {
      name: 'discover-state',
      events: 'count',
      matches: (path) => path === '/discover/v1/state',
      handle(request, response) {
        if (!allowMethods(request, response, 'GET', 'HEAD')) return
        const answer = desk.state(request.clientIp)
        if (answer.kind === 'said') return answerText(request, response, 200, `${answer.text}\n`)
        answerRefusal(request, response, answer.status, answer.message)
      },
    },
  ]
}
