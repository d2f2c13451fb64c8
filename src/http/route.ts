/** What a route is given and what it gives back. The server tries routes in order; the first that matches answers. */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'

export interface RouteRequest {
  /** `GET`, `HEAD`, `POST`; the server has refused what it does not know. */
  readonly method: string
  /** Normalised by parseTarget. */
  readonly path: string
  readonly query: URLSearchParams
  /** IPv4 dotted quad (also for ::ffff: addresses), or an IPv6 address. */
  readonly clientIp: string
  readonly headers: IncomingHttpHeaders
  /** The whole body, or why there is none. Never rejects. */
  readBody(maxBytes: number): Promise<{ readonly body: Buffer } | { readonly fault: 'too long' | 'cut' }>
}

/** One answer. `raw` is Node's; what is sent through it is counted here for the timeline. */
export interface RouteResponse {
  readonly raw: ServerResponse
  /** Body bytes that were handed to the kernel. */
  bodyBytes: number
  /** Words for the timeline. */
  detail?: string
  /** Set by a route that emits its own event, so that the server does not emit a second one. */
  ownEvent?: boolean
}

export interface HttpRoute {
  /** For logs and counters. */
  readonly name: string
  matches(path: string): boolean
  /** `each`: an event per finished GET. `count`: trees with thousands of files, counted only. */
  readonly events: 'each' | 'count'
  handle(request: RouteRequest, response: RouteResponse): Promise<void> | void
}

/** `/boot` and everything below. `rest` is what follows, beginning with `/` or empty. */
export function underPrefix(prefix: string, path: string): boolean {
  const bare = trimSlash(prefix)
  return path === bare || path.startsWith(`${bare}/`)
}

export function restOf(prefix: string, path: string): string {
  return path.slice(trimSlash(prefix).length)
}

export function trimSlash(prefix: string): string {
  return prefix.replace(/\/+$/, '')
}
