/** Builds request messages for tests: bytes made by our encoder, fields by name. */
import { OPTION } from '../../src/dhcp/options.ts'
import { type DhcpPacket, encodePacket } from '../../src/dhcp/packet.ts'

export interface RequestFields extends Partial<Omit<DhcpPacket, 'options' | 'chaddr'>> {
  /** Message type; left out for BOOTP. */
  readonly type?: number
  readonly mac?: string
  readonly options?: readonly (readonly [number, readonly number[] | string])[]
}

export function request(fields: RequestFields): DhcpPacket {
  const { type, mac = '02:00:00:00:00:01', options = [], ...header } = fields
  const chaddr = new Uint8Array(16)
  chaddr.set(mac === '' ? [] : mac.split(':').map((pair) => Number.parseInt(pair, 16)))
  const map = new Map<number, Uint8Array>()
  if (type !== undefined) map.set(OPTION.messageType, Uint8Array.of(type))
  for (const [code, value] of options)
    map.set(code, typeof value === 'string' ? new TextEncoder().encode(value) : Uint8Array.from(value))
  return {
    op: 1,
    htype: 1,
    hlen: 6,
    hops: 0,
    xid: 0x12345678,
    secs: 0,
    flags: 0,
    ciaddr: '0.0.0.0',
    yiaddr: '0.0.0.0',
    siaddr: '0.0.0.0',
    giaddr: '0.0.0.0',
    chaddr,
    sname: '',
    file: '',
    cookie: true,
    ...header,
    options: map,
  }
}

export function requestBytes(fields: RequestFields): Uint8Array {
  return encodePacket(request(fields), 1472).bytes
}

export const octets = (address: string) => address.split('.').map(Number)
