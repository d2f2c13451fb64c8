/** Changes of nodelist.groups by way of groups: several groups may change the same node, each list is written once. */
import { staticGroups } from './groups.ts'
import type { PlanBuilder } from './messages.ts'
import { expandNodeRange } from './noderange.ts'
import type { ObjectsContext } from './objects.ts'

export class Membership {
  readonly #context: ObjectsContext
  readonly #lists = new Map<string, readonly string[]>()
  /** Lists that the same command writes as an attribute of the node. */
  readonly #assigned = new Map<string, readonly string[]>()

  constructor(context: ObjectsContext) {
    this.#context = context
  }

  assign(node: string, groups: readonly string[]): void {
    this.#assigned.set(node, groups)
    this.#lists.delete(node)
  }

  /** Whether the same command makes the node. */
  isAssigned(node: string): boolean {
    return this.#assigned.has(node)
  }

  members(group: string): readonly string[] {
    const written = staticGroups(this.#context.view).get(group) ?? []
    const changed = [...this.#assigned, ...this.#lists]
      .filter(([, groups]) => groups.includes(group))
      .map(([node]) => node)
    return [...new Set([...written, ...changed])].filter((node) => this.#groups(node).includes(group))
  }

  add(node: string, group: string): void {
    const groups = this.#groups(node)
    if (!groups.includes(group)) this.#lists.set(node, [...groups, group])
  }

  remove(node: string, group: string): void {
    const groups = this.#groups(node)
    if (groups.includes(group))
      this.#lists.set(
        node,
        groups.filter((each) => each !== group),
      )
  }

  rename(node: string, group: string, to: string): void {
    this.#lists.set(
      node,
      this.#groups(node).map((each) => (each === group ? to : each)),
    )
  }

  write(builder: PlanBuilder): void {
    for (const [node, groups] of this.#lists) builder.set('nodelist', { node }, { groups: groups.join(',') })
  }

  #groups(node: string): readonly string[] {
    return this.#lists.get(node) ?? this.#assigned.get(node) ?? this.#context.resolver.groups(node)
  }
}

/** Nodes named in `members=`; unknown ones are reported and left out. */
export function parseMembers(
  { view, resolver, readFile }: ObjectsContext,
  written: string,
  membership: Membership,
  builder: PlanBuilder,
): string[] {
  const context = readFile ? { view, resolver, readFile } : { view, resolver }
  const { nodes, unknown, faults } = expandNodeRange(written, context, { verify: true })
  const made = unknown.filter((name) => membership.isAssigned(name))
  for (const name of unknown)
    if (!membership.isAssigned(name)) builder.error(`Could not find a node named '${name}', skipping to the next node.`)
  for (const fault of faults) builder.error(fault)
  return [...nodes, ...made]
}
