/** Keys of the site table: any may be used, but one letter wrong means that a setting silently has its default. */
import { rememberCheck } from './check-memo.ts'
import type { Finding } from './findings.ts'
import { nearestName } from './nearest-name.ts'
import { cell, enabledRows } from './row.ts'
import { SITE_SETTINGS } from './site-settings.ts'

const KNOWN = new Set(SITE_SETTINGS)

export const checkSite = rememberCheck(['site'], (view): readonly Finding[] =>
  enabledRows(view, 'site').flatMap((row): Finding[] => {
    const key = cell(row, 'key')
    if (key === '' || KNOWN.has(key)) return []
    const near = nearestName(key, SITE_SETTINGS)
    if (near === undefined) return []
    const message = `${key} is no setting of liteboot or xCAT`
    return [
      {
        severity: 'warning',
        code: 'unknown-setting',
        table: 'site',
        row: `key=${key}`,
        message,
        remedy: `did you mean ${near}?`,
      },
    ]
  }),
)
