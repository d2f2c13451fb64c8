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

export const EDIT_CHECKERS: readonly Checker[] = [checkTables, checkStatelite]
