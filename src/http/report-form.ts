/** The body of a stage report (docs/reference/plan.md) → typed values, or what is wrong with it. Pure. */

export const REPORT_RESULTS = ['start', 'ok', 'retry', 'failed'] as const
export type ReportResult = (typeof REPORT_RESULTS)[number]

export interface StageReport {
  readonly bootId: string
  readonly seq: number
  readonly stage: string
  readonly result: ReportResult
  readonly uptimeSeconds: number | undefined
  readonly message: string | undefined
}

const NAME = /^[a-z][a-z0-9-]{0,31}$/
const BOOT_ID = /^[0-9a-zA-Z-]{1,64}$/

/**
 * Stages that this server does not know are taken as they are, as long as they are a plain word: a report of a newer
 * initrd must not be lost. `message` keeps its line breaks; other control characters become blanks.
 */
export function parseReport(body: Buffer): StageReport | { readonly fault: string } {
  const form = new URLSearchParams(body.toString('utf8'))
  const bootId = form.get('boot') ?? ''
  const stage = form.get('stage') ?? ''
  const result = REPORT_RESULTS.find((known) => known === form.get('result'))
  const seqText = form.get('seq') ?? ''
  if (!BOOT_ID.test(bootId)) return { fault: 'boot: the kernel’s boot id is missing or not plain' }
  if (!/^\d{1,9}$/.test(seqText)) return { fault: 'seq: not a number' }
  if (!NAME.test(stage)) return { fault: 'stage: missing or not a plain word' }
  if (!result) return { fault: `result: not one of ${REPORT_RESULTS.join(' ')}` }
  const uptimeText = form.get('uptime')
  if (uptimeText !== null && uptimeText !== '' && !/^\d{1,9}(\.\d{1,6})?$/.test(uptimeText)) {
    return { fault: 'uptime: not seconds' }
  }
  return {
    bootId,
    seq: Number(seqText),
    stage,
    result,
    uptimeSeconds: uptimeText ? Number(uptimeText) : undefined,
    message: cleanMessage(form.get('message') ?? ''),
  }
}

function cleanMessage(message: string): string | undefined {
  const clean = message
    .replace(/\r\n?/g, '\n')
    .replace(/(?![\t\n])\p{Cc}/gu, ' ')
    .trim()
  return clean === '' ? undefined : clean
}
