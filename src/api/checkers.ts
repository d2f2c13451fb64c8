/** Everything an edit is checked against before it counts. */
import { compileImages, compileLitefile } from '../cluster/images.ts'
import { compileSite } from '../cluster/site.ts'
import { checkLitefile } from '../statelite/matrix.ts'
import type { Checker } from '../store/store.ts'
import { checkTables } from '../tables/checks.ts'
import { tableFinding } from './findings.ts'

/** Parents, children and options of litefile, for every image at once. */
const checkStatelite: Checker = (view) => {
  const ignored: string[] = []
  const images = compileImages(view, compileSite(view, ignored), ignored)
  return checkLitefile(compileLitefile(view), images.values()).map(tableFinding)
}

/** That an image is known is the tables room's to say; the statelite room says it again for those who ask it alone. */
const checkAll: Checker = (view) => {
  const found = checkTables(view)
  const unknownImage = new Set(
    found.filter(({ table, column }) => table === 'litefile' && column === 'image').map(({ row }) => row),
  )
  const more = checkStatelite(view).filter(({ severity, row }) => severity === 'error' || !unknownImage.has(row))
  return [...found, ...more]
}

export const EDIT_CHECKERS: readonly Checker[] = [checkAll]
