/** The captured DHCP requests, by client and message. */
import { type GoldenDatagram, goldenDhcp } from '../golden/requests.ts'

export interface GoldenRequest extends Pick<GoldenDatagram, 'case' | 'order' | 'client' | 'port'> {
  readonly message: 'DISCOVER' | 'REQUEST'
  readonly bytes: Uint8Array
}

const everyRequest: readonly GoldenRequest[] = goldenDhcp.map((line) => {
  const { case: way, order, client, port, asks, payload } = line
  if (asks !== 'DISCOVER' && asks !== 'REQUEST') throw new Error(`${way} ${order}: ${asks}`)
  return { case: way, order, client, port, message: asks, bytes: new Uint8Array(Buffer.from(payload, 'hex')) }
})
const isBeside = (request: GoldenRequest) => request.case.endsWith('-proxy')

export const goldenRequests = everyRequest.filter((request) => !isBeside(request))
/** Seen where another server gave the address. */
export const goldenProxyRequests = everyRequest.filter(isBeside)

export function goldenRequest(client: string, message: 'DISCOVER' | 'REQUEST'): GoldenRequest {
  const found = goldenRequests.find((request) => request.client.startsWith(client) && request.message === message)
  if (!found) throw new Error(`no golden packet of ${client} ${message}`)
  return found
}
