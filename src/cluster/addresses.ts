/** Text → the branded addresses of the model. */
import ipaddr from 'ipaddr.js'
import type { Ipv4, MacAddress } from './model.ts'

/** Four decimal numbers, nothing else: `10.1` and `0x0a.1.1.1` are not what an administrator means. */
export function parseIpv4(text: string): Ipv4 | undefined {
  if (!ipaddr.IPv4.isValidFourPartDecimal(text)) return undefined
  return ipaddr.IPv4.parse(text).toString() as Ipv4
}

export function ipv4Number(ip: string): number {
  return ip.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)
}

export function ipv4FromNumber(number: number): Ipv4 {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.') as Ipv4
}

const ETHERNET_DIGITS = 12
/** RFC 4391 §9.1.1: IPoIB link-layer addresses have 20 octets. */
const INFINIBAND_DIGITS = 40

/** 6 or 20 bytes, with colons, dashes, dots (Cisco) or nothing between them. */
export function parseMac(text: string): MacAddress | undefined {
  const trimmed = text.trim()
  if (!/^[0-9A-Fa-f]+([:.-][0-9A-Fa-f]+)*$/.test(trimmed)) return undefined
  const parts = trimmed.split(/[:.-]/)
  // 0:a:b:… : leading zeros left out, byte by byte.
  const digits = (parts.length === 6 || parts.length === 20 ? parts.map((part) => part.padStart(2, '0')) : parts)
    .join('')
    .toLowerCase()
  if (digits.length !== ETHERNET_DIGITS && digits.length !== INFINIBAND_DIGITS) return undefined
  return (digits.match(/../g) ?? []).join(':') as MacAddress
}
