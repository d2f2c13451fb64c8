/** Short answers made of text: rendered boot files, plans, refusals. */
import type { OutgoingHttpHeaders } from 'node:http'
import type { HttpRoute, RouteRequest, RouteResponse } from './route.ts'
import { restOf, underPrefix } from './route.ts'

const PLAIN = 'text/plain; charset=utf-8'

/** Content-Length always stands there: OVMF and old iPXE need it; `no-store` because the next answer may differ. */
export function answerText(
  request: RouteRequest,
  response: RouteResponse,
  status: number,
  text: string,
  options: { readonly type?: string; readonly headers?: OutgoingHttpHeaders } = {},
): void {
  if (response.raw.headersSent || response.raw.destroyed) return
  const body = Buffer.from(text)
  response.raw.writeHead(status, {
    'Content-Type': options.type ?? PLAIN,
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
    ...options.headers,
  })
  if (request.method === 'HEAD') {
    response.raw.end()
    return
  }
  response.raw.end(body, () => {
    response.bodyBytes = body.length
  })
}

/** RFC 9110 §15.3.5: no body, no Content-Length. */
export function answerEmpty(response: RouteResponse, status: 204 | 304, headers: OutgoingHttpHeaders = {}): void {
  if (response.raw.headersSent || response.raw.destroyed) return
  response.raw.writeHead(status, headers)
  response.raw.end()
}

/** A refusal says why in one line; the same line goes to the timeline. */
export function answerRefusal(
  request: RouteRequest,
  response: RouteResponse,
  status: number,
  message: string,
  headers: OutgoingHttpHeaders = {},
): void {
  response.detail = `${status} ${message}`
  answerText(request, response, status, `${message}\n`, { headers })
}

/** True when the method is one of `allowed`; else the refusal has been sent (RFC 9110 §15.5.6: Allow is a MUST). */
export function allowMethods(request: RouteRequest, response: RouteResponse, ...allowed: string[]): boolean {
  if (allowed.includes(request.method)) return true
  answerRefusal(request, response, 405, `${request.method} is not answered here`, { Allow: allowed.join(', ') })
  return false
}

export interface RenderedText {
  readonly text: string
  readonly type?: string
}

/**
 * Boot files rendered now: `render` sees what follows the prefix (`/cn07.ipxe`). Undefined is a 404, or an empty 200
 * where `optional` says so: a 404 for an optional script stops iPXE.
 */
export function renderedRoute(
  prefix: string,
  render: (rest: string, clientIp: string, query: URLSearchParams) => RenderedText | undefined,
  options: { readonly optional?: (rest: string) => boolean } = {},
): HttpRoute {
  return {
    name: `rendered ${prefix}`,
    events: 'each',
    matches: (path) => underPrefix(prefix, path),
    handle(request, response) {
      if (!allowMethods(request, response, 'GET', 'HEAD')) return
      const rest = restOf(prefix, request.path)
      const rendered = render(rest, request.clientIp, request.query)
      if (rendered) {
        answerText(request, response, 200, rendered.text, rendered.type === undefined ? {} : { type: rendered.type })
      } else if (options.optional?.(rest) === true) {
        response.detail = 'optional file, answered empty'
        answerText(request, response, 200, '')
      } else answerRefusal(request, response, 404, `no file ${request.path} for ${request.clientIp}`)
    },
  }
}

/** One fixed path, text computed per request. */
export function textRoute(path: string, text: (request: RouteRequest) => string): HttpRoute {
  return {
    name: `text ${path}`,
    events: 'count',
    matches: (asked) => asked === path,
    handle(request, response) {
      if (allowMethods(request, response, 'GET', 'HEAD')) answerText(request, response, 200, text(request))
    },
  }
}
