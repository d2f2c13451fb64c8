/**
 * The audit log: a row for every call that changes something, whether it was allowed, refused by the policy table or
 * failed. A change of tables has its row in the same transaction; whatever else was done is logged when it is done.
 */
import { hostname } from 'node:os'
import type { ChangeRequest } from '../../../store/history.ts'
import type { LogRow } from '../../../store/logs.ts'
import type { MadeTransaction, Store } from '../../../store/store.ts'
import { cell, enabledRows, splitList, type TablesView } from '../../../tables/row.ts'
import { maskText, maskWords } from '../../../tables/secrets.ts'
import { OperatorError } from '../../errors.ts'
import type { CommandResult } from '../../protocol.ts'
import type { Caller, MethodContext, RequestWords } from '../context.ts'
import { renderLocalTime, renderShortChange, showChange } from './render.ts'

/** xCAT's words. */
export type AuditStatus = 'Allowed' | 'Denied' | 'Failed'

export interface AuditNote {
  readonly status: AuditStatus
  /** What came of it, for people. */
  readonly comments?: string
}

/** A row stays readable in a terminal; what it leaves out, `liteboot diff` has. */
const COMMENTS_LENGTH = 500
const ARGUMENTS_LENGTH = 4000

/** Every change that is made, or fails, leaves a row. `run` is called at once. */
export async function audited(
  context: MethodContext,
  run: (context: MethodContext) => Promise<CommandResult> | CommandResult,
): Promise<CommandResult> {
  const audit = openCallAudit(context.store, context.caller, context.request)
  try {
    return audit.ended(await run({ ...context, audit }))
  } catch (error) {
    audit.failed(error)
    throw error
  }
}

/** For calls that were not carried out. Returns what to say when the log cannot be written; never throws. */
export function recordAudit(store: Store, caller: Caller, request: RequestWords, note: AuditNote): string | undefined {
  return openCallAudit(store, caller, request).note(note)
}

/** The log of one call, for as long as it lasts. */
export interface CallAudit {
  /** The request as it may be kept: secrets masked. */
  readonly request: ChangeRequest
  /** For `TransactOptions.log`. */
  log(made: MadeTransaction): readonly LogRow[]
  note(note: AuditNote): string | undefined
  /** Logs the call if no transaction did. */
  ended(result: CommandResult): CommandResult
  failed(error: unknown): void
}

export function openCallAudit(store: Store, caller: Caller, { command, noderange, words }: RequestWords): CallAudit {
  const { host, clientType, user } = caller
  const masked = maskWords(words)
  const nodes = noderange === undefined ? undefined : cut(noderange, ARGUMENTS_LENGTH)
  const request: ChangeRequest = { host, clientType, command, noderange: nodes, words: bounded(masked.words) }
  let logged = false

  function rows({ status, comments = '' }: AuditNote): LogRow[] {
    logged = true
    if (status !== 'Denied' && isSkipped(store, command, clientType)) return []
    const values = {
      audittime: renderLocalTime(Date.now()),
      userid: user,
      clientname: host ?? hostname().split('.')[0] ?? null,
      clienttype: clientType,
      command,
      noderange: nodes ?? null,
      args: cut(masked.words.join(' '), ARGUMENTS_LENGTH),
      status,
      comments: cut(maskText(comments, masked.secrets), COMMENTS_LENGTH),
    }
    return [{ log: 'auditlog', values }]
  }

  function note(what: AuditNote): string | undefined {
    try {
      store.logs.append(rows(what))
    } catch (error) {
      return `the audit log could not be written: ${error instanceof Error ? error.message : String(error)}`
    }
    return undefined
  }

  return {
    request,
    log: (made) => rows({ status: 'Allowed', comments: summarise(made) }),
    note,
    ended(result) {
      if (logged) return result
      const failed = result.exitStatus !== 0
      const comments = failed ? withoutInput((result.errors[0] ?? '').replace(/^Error: /, '')) : ''
      const fault = note({ status: failed ? 'Failed' : 'Allowed', comments })
      return fault === undefined ? result : { ...result, errors: [...result.errors, `Warning: ${fault}`] }
    },
    failed(error) {
      const text = error instanceof Error ? error.message.split('\n', 1)[0] : String(error)
      const code = error instanceof OperatorError ? error.code : 'LB_INTERNAL'
      note({ status: 'Failed', comments: `${code}: ${withoutInput(text ?? '')}` })
    },
  }
}

/**
 * site.auditskipcmds: command words and `clienttype:<type>`. `ALL` is what xCAT's installer writes at every site, so it does
 * not say that an administrator wants no record of changes: it counts for what only looks, which is never logged here.
 */
function isSkipped(view: TablesView, command: string, clientType: string): boolean {
  const setting = enabledRows(view, 'site').find((row) => cell(row, 'key') === 'auditskipcmds')
  const words = setting ? splitList(cell(setting, 'value')) : []
  return words.includes(command) || words.includes(`clienttype:${clientType}`)
}

function summarise({ revision, changes }: MadeTransaction): string {
  const parts: string[] = []
  let length = 0
  for (const change of changes) {
    const part = renderShortChange(showChange(change))
    length += part.length + 2
    if (length > COMMENTS_LENGTH - 40 && parts.length > 0) break
    parts.push(part)
  }
  const hidden = changes.length - parts.length
  return `revision ${revision}: ${[...parts, ...(hidden > 0 ? [`… and ${hidden} more rows`] : [])].join('; ')}`
}

/** A fault of a CSV or stanza file quotes the line, which may hold a password: its number has to do. */
function withoutInput(text: string): string {
  return text.replace(/(\bline \d+(?:, character \d+)?)[:,;] .*/s, '$1')
}

/** Ten thousand names on a command line are not kept: the rows say which they were. */
function bounded(words: readonly string[]): string[] {
  const kept: string[] = []
  let left = ARGUMENTS_LENGTH
  for (const word of words) {
    if (left <= 0) return [...kept, '…']
    kept.push(cut(word, left))
    left -= word.length + 1
  }
  return kept
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}
