/** The captured requests of golden/, by client and message. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface GoldenRequest {
  readonly client: string
  readonly message: 'DISCOVER' | 'REQUEST'
  readonly bytes: Uint8Array
}

export const goldenRequests: readonly GoldenRequest[] = readFileSync(
  join(import.meta.dirname, 'golden', 'requests.jsonl'),
  'utf8',
)
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => {
    // Our own data file: shape known.
    const { client, message, payload } = JSON.parse(line) as { client: string; message: never; payload: string }
    return { client, message, bytes: new Uint8Array(Buffer.from(payload, 'hex')) }
  })

export function goldenRequest(client: string, message: 'DISCOVER' | 'REQUEST'): GoldenRequest {
  const found = goldenRequests.find((request) => request.client.startsWith(client) && request.message === message)
  if (!found) throw new Error(`no golden packet of ${client} ${message}`)
  return found
}
