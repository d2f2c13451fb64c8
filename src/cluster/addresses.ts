/** Text → the branded addresses of the model. The tables room has put them into canonical form. */
import { normalizeIpv4, normalizeMac } from '../tables/addresses.ts'
import type { Ipv4, MacAddress } from './model.ts'

export function parseIpv4(text: string): Ipv4 | undefined {
  return normalizeIpv4(text) as Ipv4 | undefined
}

export function parseMac(text: string): MacAddress | undefined {
  return normalizeMac(text) as MacAddress | undefined
}
