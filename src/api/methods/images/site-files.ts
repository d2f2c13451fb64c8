/** What the tables say about an image's synclists and root's password. */
import type { Image } from '../../../cluster/model.ts'
import { CRYPT_METHODS, type CryptMethod, type RootPassword } from '../../../image/root-password.ts'
import type { SiteFiles } from '../../../image/site-files.ts'
import { cell, enabledRows, splitList, type TablesView } from '../../../tables/row.ts'

export function siteFilesOf(image: Image, view: TablesView): SiteFiles {
  return {
    synclists: splitList(image.attribute('synclists') ?? ''),
    variables: variablesOf(image),
    rootPassword: rootPasswordOf(view),
  }
}

/** osimage.environvar: `A=1,B=2`. */
function variablesOf(image: Image): Record<string, string> {
  const pairs = splitList(image.attribute('environvar') ?? '').map((item) => {
    const at = item.indexOf('=')
    return at < 1 ? [item, ''] : [item.slice(0, at), item.slice(at + 1)]
  })
  return Object.fromEntries(pairs)
}

/** xCAT takes a row without a user name for root's as well. */
export function rootPasswordOf(view: TablesView): RootPassword | undefined {
  const rows = enabledRows(view, 'passwd').filter((row) => cell(row, 'key') === 'system')
  const row =
    rows.find((candidate) => cell(candidate, 'username') === 'root') ??
    rows.find((candidate) => cell(candidate, 'username') === '')
  const password = row === undefined ? '' : cell(row, 'password')
  if (row === undefined || password === '') return undefined
  const method = cell(row, 'cryptmethod')
  return { password, ...(isMethod(method) ? { cryptMethod: method } : {}) }
}

function isMethod(word: string): word is CryptMethod {
  return Object.hasOwn(CRYPT_METHODS, word)
}
