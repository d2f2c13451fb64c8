/** The site table with its defaults. */
import { cell, enabledRows, splitList, type TablesView } from '../tables/row.ts'
import type { Site } from './model.ts'

const DEFAULT_LEASE_SECONDS = 43_200
const DEFAULT_HTTP_PORT = 80

export function compileSite(view: TablesView, faults: string[]): Site {
  const values = new Map<string, string>()
  for (const row of enabledRows(view, 'site')) {
    const value = cell(row, 'value')
    if (value !== '') values.set(cell(row, 'key'), value)
  }
  const number = (key: string, least: number, most: number, fallback: number): number => {
    const text = values.get(key)
    if (text === undefined) return fallback
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= least && value <= most) return value
    faults.push(`site row key=${key}: "${text}" is not a whole number from ${least} to ${most}; ${fallback} is used`)
    return fallback
  }
  const directory = (key: string, fallback: string): string => {
    const text = values.get(key)
    if (text === undefined) return fallback
    if (text.startsWith('/')) return text.replace(/\/+$/, '') || '/'
    faults.push(`site row key=${key}: "${text}" is not an absolute path; ${fallback} is used`)
    return fallback
  }
  return Object.freeze({
    master: values.get('master'),
    domain: values.get('domain'),
    installdir: directory('installdir', '/install'),
    tftpdir: directory('tftpdir', '/tftpboot'),
    httpport: number('httpport', 1, 65535, DEFAULT_HTTP_PORT),
    leaseSeconds: number('dhcplease', 60, 0xffff_fffe, DEFAULT_LEASE_SECONDS),
    nameservers: splitList(values.get('nameservers') ?? ''),
    ntpservers: splitList(values.get('ntpservers') ?? ''),
    nodestatus: !/^[nN0]$/.test(values.get('nodestatus') ?? ''),
    get: (key: string) => values.get(key),
  })
}
