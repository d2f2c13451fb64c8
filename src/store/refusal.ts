/** Which findings an edit brought about: only those can refuse it, so that an old fault never blocks its own repair. */
import { type Finding, findingIdentity } from '../tables/findings.ts'
import type { TablesView } from '../tables/row.ts'
import type { Checker } from './store.ts'

/** Findings of the committed tables, kept per checker until the next commit. */
export class FindingsBefore {
  #known = new Map<Checker, readonly Finding[]>()

  forget(): void {
    this.#known.clear()
  }

  of(checker: Checker, view: TablesView): readonly Finding[] {
    let findings = this.#known.get(checker)
    if (!findings) {
      findings = checker(view)
      this.#known.set(checker, findings)
    }
    return findings
  }

  /** The findings of the changed tables that the committed ones do not have. */
  added(checkers: readonly Checker[], committed: TablesView, changed: TablesView): Finding[] {
    return checkers.flatMap((checker) => {
      const before = new Set(this.of(checker, committed).map(findingIdentity))
      return checker(changed).filter((finding) => !before.has(findingIdentity(finding)))
    })
  }
}
