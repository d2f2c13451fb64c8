/** How a machine was adopted, in the words of discoverydata.method, and how nodediscoverls -t names them. */
import { cell, type Row } from '../../../tables/row.ts'

export const METHOD_WORDS: Readonly<Record<string, string>> = {
  seq: 'sequential',
  profile: 'profile',
  switch: 'switch',
  blade: 'blade',
  mtms: 'mtms',
  manual: 'manual',
  undef: 'undef',
}

export const METHOD_OF_ORDER = { order: 'sequential', serial: 'mtms', switch: 'switch' } as const

export function methodOf(row: Row): string {
  return cell(row, 'method') || 'undef'
}
