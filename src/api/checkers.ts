/** Everything an edit is checked against before it counts. What it does not touch is not looked at again. */
import { compileImages, compileLitefile, isStateless } from '../cluster/images.ts'
import type { Image } from '../cluster/model.ts'
import { compileSite } from '../cluster/site.ts'
import { selectEntries } from '../statelite/entries.ts'
import { checkLitefile } from '../statelite/matrix.ts'
import { isPersistentOption } from '../statelite/options.ts'
import type { Checker } from '../store/store.ts'
import { shortNames } from '../tables/boot-checks.ts'
import { rememberCheck } from '../tables/check-memo.ts'
import { checkTables } from '../tables/checks.ts'
import type { Finding } from '../tables/findings.ts'
import { nodeKinds } from '../tables/node-kinds.ts'
import type { TablesView } from '../tables/row.ts'
import { policyFaults } from './access/policy.ts'
import { tableFinding } from './findings.ts'

const imagesOf = rememberCheck(['site', 'osimage', 'linuximage'], (view) => {
  const siteFaults: string[] = []
  const imageFaults: string[] = []
  const images = compileImages(view, compileSite(view, siteFaults), imageFaults)
  return { images, findings: [...siteFaults.map(faultFinding), ...imageFaults.map(faultFinding)] }
})

/** `site row key=httpport: "x" is not a whole number …; 80 is used` */
function faultFinding(fault: string): Finding {
  const [, table = '', row = '', message = fault] = /^(\w+) row ([^:]*): (.*)$/s.exec(fault) ?? []
  return { severity: 'warning', code: 'default-used', table, row, message }
}

/** Parents, children and options of litefile, for every image at once. */
const checkStatelite = rememberCheck(['site', 'osimage', 'linuximage', 'litefile'], (view): readonly Finding[] =>
  checkLitefile(compileLitefile(view), imagesOf(view).images.values()).map(tableFinding),
)

/** A boot is refused when there are persistent entries and no place for them. Rows may come in any order: a warning. */
const checkPersistence = rememberCheck(
  ['site', 'osimage', 'linuximage', 'litefile', 'nodelist', 'nodetype', 'statelite'],
  (view): readonly Finding[] => {
    const homeless = new Map<string, string[]>()
    for (const { nodes, values } of nodeKinds(view, [
      ['nodetype', 'provmethod'],
      ['statelite', 'statemnt'],
    ])) {
      const [image, statemnt] = values
      if (image === undefined || statemnt !== undefined) continue
      const others = homeless.get(image)
      if (others) for (const node of nodes) others.push(node)
      else homeless.set(image, [...nodes])
    }
    return [...imagesOf(view).images.values()].flatMap((image) =>
      homelessFinding(view, image, homeless.get(image.name)),
    )
  },
)

function homelessFinding(view: TablesView, image: Image, nodes: readonly string[] | undefined): Finding[] {
  if (nodes === undefined || isStateless(image)) return []
  const { entries } = selectEntries(image, compileLitefile(view))
  const persistent = entries.filter(({ option }) => isPersistentOption(option)).map(({ path }) => path)
  if (persistent.length === 0) return []
  const more = persistent.length > 1 ? ` and ${persistent.length - 1} more` : ''
  const message = `image ${image.name} has persistent entries (${persistent[0]}${more}), and these nodes no statemnt: ${shortNames(nodes)}`
  const remedy = 'chtab node=<group> statelite.statemnt=<server>:<directory>'
  return [{ severity: 'warning', code: 'no-statemnt', table: 'statelite', row: '', message, remedy }]
}

/** A rule that nobody can understand permits nothing: better said when it is written than when somebody is refused. */
const checkPolicy = rememberCheck(['policy'], (view): readonly Finding[] =>
  policyFaults(view.read('policy')).map(({ row, message }) => ({
    severity: 'warning',
    code: 'bad-rule',
    table: 'policy',
    row,
    message,
    remedy: 'correct the row: until then it permits nothing',
  })),
)

/** That an image is known is the tables room's to say; the statelite room says it again for those who ask it alone. */
const checkAll: Checker = (view) => {
  const found = checkTables(view)
  const unknownImage = new Set(
    found.filter(({ table, column }) => table === 'litefile' && column === 'image').map(({ row }) => row),
  )
  const statelite = checkStatelite(view).filter(({ severity, row }) => severity === 'error' || !unknownImage.has(row))
  return [...found, ...imagesOf(view).findings, ...statelite, ...checkPersistence(view), ...checkPolicy(view)]
}

export const EDIT_CHECKERS: readonly Checker[] = [checkAll]
