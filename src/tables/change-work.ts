/** What mkdef and chdef were asked to do, and what has come of it so far. */
import type { Membership } from './membership.ts'
import type { PlanBuilder } from './messages.ts'
import type { ObjectType } from './object-types.ts'
import type { ObjectsContext } from './objects.ts'

export interface ObjectChangeRequest {
  readonly command: 'mkdef' | 'chdef'
  /** Default: node. */
  readonly type?: string
  /** -o or the operand, as written. */
  readonly names?: string
  /** In the order of the command line; the last of a name counts. */
  readonly attributes: readonly (readonly [name: string, value: string])[]
  /** chdef -p, -m. */
  readonly mode?: 'set' | 'append' | 'remove'
  /** mkdef -f */
  readonly force?: boolean
  /** -d with -t group */
  readonly dynamic?: boolean
  /** -w, each as written */
  readonly where?: readonly string[]
  /** -z: the text of a stanza file, instead of type, names and attributes. */
  readonly stanzas?: string
  readonly verbose?: boolean
}

export interface Work {
  readonly context: ObjectsContext
  readonly request: ObjectChangeRequest
  readonly builder: PlanBuilder
  readonly membership: Membership
  readonly written: string[]
  readonly created: string[]
  /** Words that an object does not exist. */
  readonly missing: (type: ObjectType, name: string) => string
  /** mkdef -f: the tables without the objects that are replaced. */
  readonly forgotten: Map<ObjectType, ObjectsContext>
  /** mkdef without -f found it there. */
  skipped: number
}
