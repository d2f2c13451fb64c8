/** What a command says, and what it wants written: the command line prints the one and the store does the other. */
/** info → stdout as it is; warning → stderr `Warning: text`; error → stderr `Error: text`. */
export interface Message {
  readonly kind: 'info' | 'warning' | 'error'
  readonly text: string
}

export type CellValues = Readonly<Record<string, string | null>>

export type RowOperation =
  | { readonly kind: 'set'; readonly table: string; readonly keys: CellValues; readonly values: CellValues }
  | { readonly kind: 'delete'; readonly table: string; readonly keys: CellValues }

export interface CommandPlan {
  readonly operations: readonly RowOperation[]
  readonly messages: readonly Message[]
  readonly exitStatus: number
}

/** What carries operations out: a store's transaction. */
export interface RowWriter {
  setRows(table: string, keys: CellValues, values: CellValues): number
  deleteRows(table: string, keys: CellValues): number
}

export function applyOperations(writer: RowWriter, operations: readonly RowOperation[]): void {
  for (const operation of operations) {
    if (operation.kind === 'set') writer.setRows(operation.table, operation.keys, operation.values)
    else writer.deleteRows(operation.table, operation.keys)
  }
}

/** Collects what a plan is made of. */
export class PlanBuilder {
  readonly operations: RowOperation[] = []
  readonly messages: Message[] = []
  failed = false

  info(text: string): void {
    this.messages.push({ kind: 'info', text })
  }

  warn(text: string): void {
    this.messages.push({ kind: 'warning', text })
  }

  error(text: string): void {
    this.failed = true
    this.messages.push({ kind: 'error', text })
  }

  set(table: string, keys: CellValues, values: CellValues): void {
    this.operations.push({ kind: 'set', table, keys, values })
  }

  delete(table: string, keys: CellValues): void {
    this.operations.push({ kind: 'delete', table, keys })
  }

  plan(exitStatus = this.failed ? 1 : 0): CommandPlan {
    return { operations: this.operations, messages: this.messages, exitStatus }
  }
}
