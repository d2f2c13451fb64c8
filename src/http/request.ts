/** Node's request → what routes see. */
import type { IncomingMessage } from 'node:http'
import type { RouteRequest } from './route.ts'
import type { RequestTarget } from './target.ts'

/** `::ffff:10.77.0.11` → `10.77.0.11`. */
export function clientIpOf(address: string | undefined): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address ?? '')
  return mapped?.[1] ?? address ?? ''
}

export function createRequest(
  message: IncomingMessage,
  target: Extract<RequestTarget, { path: string }>,
  clientIp: string,
): RouteRequest {
  return {
    method: message.method ?? 'GET',
    path: target.path,
    query: target.query,
    clientIp,
    headers: message.headers,
    readBody: (maxBytes) => readBody(message, maxBytes),
  }
}

function readBody(
  message: IncomingMessage,
  maxBytes: number,
): Promise<{ readonly body: Buffer } | { readonly fault: 'too long' | 'cut' }> {
  const declared = Number(message.headers['content-length'] ?? 0)
  if (declared > maxBytes) return Promise.resolve({ fault: 'too long' })
  return new Promise((resolve) => {
    const pieces: Buffer[] = []
    let length = 0
    message.on('data', (piece: Buffer) => {
      length += piece.length
      if (length <= maxBytes) pieces.push(piece)
      else {
        message.pause()
        resolve({ fault: 'too long' })
      }
    })
    message.on('end', () => resolve({ body: Buffer.concat(pieces) }))
    message.on('error', () => resolve({ fault: 'cut' }))
    message.on('close', () => resolve({ fault: 'cut' }))
  })
}
