/** The routes nodes talk to while they boot: fetch the plan, report stages. Each answers the node's own address only. */
import type { EmitEvent } from '../timeline/event.ts'
import { HTTP_LIMITS } from './limits.ts'
import { parseReport } from './report-form.ts'
import type { HttpRoute, RouteRequest } from './route.ts'
import { allowMethods, answerEmpty, answerRefusal, answerText } from './text.ts'

const PLAN_PATH = /^\/node\/v1\/([A-Za-z0-9][A-Za-z0-9._-]*)\/plan$/
const REPORT_PATH = /^\/node\/v1\/([A-Za-z0-9][A-Za-z0-9._-]*)\/report$/

export type PlanAnswer =
  | { readonly kind: 'plan'; readonly text: string }
  | { readonly kind: 'refused'; readonly status: number; readonly message: string }

export interface PlanRouteOptions {
  readonly planOf: (node: string, clientIp: string, query: URLSearchParams) => PlanAnswer
  readonly emit: EmitEvent
  readonly now: () => number
}

/** `GET /node/v1/<node>/plan[?boot=<image>@<n>[&retry=1]]`. Who may have which plan is decided by `planOf`. */
export function planRoute(options: PlanRouteOptions): HttpRoute {
  return {
    name: 'plan',
    events: 'count',
    matches: (path) => PLAN_PATH.test(path),
    handle(request, response) {
      if (!allowMethods(request, response, 'GET', 'HEAD')) return
      const node = PLAN_PATH.exec(request.path)?.[1] ?? ''
      const startMs = options.now()
      const answer = options.planOf(node, request.clientIp, request.query)
      const event = { service: 'http', event: 'plan', node, ip: request.clientIp, object: request.path } as const
      if (answer.kind === 'refused') {
        options.emit({ ...event, atMs: options.now(), ok: false, detail: `${answer.status} ${answer.message}` })
        return answerRefusal(request, response, answer.status, answer.message)
      }
      answerText(request, response, 200, answer.text)
      if (request.method === 'HEAD') return
      response.raw.once('close', () => {
        const atMs = options.now()
        const bytes = response.bodyBytes
        const ok = response.raw.writableFinished
        const detail = ok ? {} : { detail: `client closed after ${bytes} bytes` }
        options.emit({ ...event, atMs, ok, bytes, durationMs: atMs - startMs, ...detail })
      })
    },
  }
}

export interface ReportRouteOptions {
  readonly nodeOf: (clientIp: string) => string | undefined
  readonly emit: EmitEvent
  readonly now: () => number
}

/** `POST /node/v1/<node>/report`: stored, then 204. A node cannot report for another. */
export function reportRoute(options: ReportRouteOptions): HttpRoute {
  return {
    name: 'report',
    events: 'count',
    matches: (path) => REPORT_PATH.test(path),
    async handle(request, response) {
      if (!allowMethods(request, response, 'POST')) return
      const node = REPORT_PATH.exec(request.path)?.[1] ?? ''
      const sender = options.nodeOf(request.clientIp)
      if (sender !== node) {
        const who = sender ?? 'no known node'
        refuse(options, request, `report for ${node} from ${request.clientIp} (${who})`, sender)
        return answerRefusal(request, response, 403, `${request.clientIp} is not ${node}`)
      }
      const read = await request.readBody(HTTP_LIMITS.reportBytes)
      if ('fault' in read) {
        if (read.fault === 'cut') return
        const message = `a report has at most ${HTTP_LIMITS.reportBytes} bytes`
        refuse(options, request, message, node)
        return answerRefusal(request, response, 413, message, { Connection: 'close' })
      }
      const report = parseReport(read.body)
      if ('fault' in report) {
        refuse(options, request, `malformed report: ${report.fault}`, node)
        return answerRefusal(request, response, 400, report.fault)
      }
      options.emit({
        atMs: options.now(),
        service: report.stage === 'booted' ? 'os' : 'initrd',
        event: 'report',
        node,
        ip: request.clientIp,
        ok: report.result !== 'failed',
        stage: report.stage,
        result: report.result,
        bootId: report.bootId,
        seq: report.seq,
        ...(report.uptimeSeconds === undefined ? {} : { uptimeSeconds: report.uptimeSeconds }),
        ...(report.message === undefined ? {} : { detail: report.message }),
      })
      answerEmpty(response, 204)
    },
  }
}

function refuse(options: ReportRouteOptions, request: RouteRequest, detail: string, node: string | undefined): void {
  options.emit({
    atMs: options.now(),
    service: 'http',
    event: 'refused',
    ip: request.clientIp,
    object: request.path,
    ok: false,
    detail,
    ...(node === undefined ? {} : { node }),
  })
}
