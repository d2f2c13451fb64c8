/** The captured DHCP requests, by client and message. */
import { type GoldenDatagram, goldenDhcp } from '../golden/requests.ts'

export interface GoldenRequest extends Pick<GoldenDatagram, 'case' | 'order' | 'client'> {
  readonly message: 'DISCOVER' | 'REQUEST'
  readonly bytes: Uint8Array
}

export const goldenRequests: readonly GoldenRequest[] = goldenDhcp.map(
  ({ case: way, order, client, asks, payload }) => {
    if (asks !== 'DISCOVER' && asks !== 'REQUEST') throw new Error(`${way} ${order}: ${asks}`)
    return { case: way, order, client, message: asks, bytes: new Uint8Array(Buffer.from(payload, 'hex')) }
  },
)

export function goldenRequest(client: string, message: 'DISCOVER' | 'REQUEST'): GoldenRequest {
  const found = goldenRequests.find((request) => request.client.startsWith(client) && request.message === message)
  if (!found) throw new Error(`no golden packet of ${client} ${message}`)
  return found
}
