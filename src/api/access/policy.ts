/**
 * The policy table: who may run which command on which nodes. Pure: rows, a request and the time go in, a decision with its
 * reason comes out. It must not know connections, tokens or methods.
 *
 * As in xCAT: enabled rows in order of priority as numbers; every filled column must match; the first row that matches
 * decides; none means no. A row with nodes decides only about those: a denying one refuses the whole request, a permitting
 * one takes its nodes out of question and leaves the others to later rows. Beyond xCAT `time` counts. What cannot be
 * understood never permits, and never stops a row from denying.
 */
import { SlowMatch } from '../../tables/bounded-regexp.ts'
import { compilePerlRegex } from '../../tables/perl-regexp.ts'
import { cell, isEnabled, type Row, splitList } from '../../tables/row.ts'
import { isWithin, parseTimes } from './policy-time.ts'

export interface PolicyRequest {
  /** undefined: whoever it is has not shown it. */
  readonly user: string | undefined
  /** The caller's address, and its short names where they are known. */
  readonly hosts: readonly string[]
  readonly command: string
  /** undefined: the request is not about nodes. Names that are not nodes (yet) count as well. */
  readonly nodes: ReadonlySet<string> | undefined
  /** The other arguments. */
  readonly words: readonly string[]
}

export interface ExpandedRule {
  readonly nodes: ReadonlySet<string>
  readonly faults: readonly string[]
}

export interface PolicyDecision {
  readonly allowed: boolean
  /** Priority of the row that decided; undefined: no row did. */
  readonly rule: string | undefined
  /** For the server's log and the audit log, never for the caller. */
  readonly reason: string
  /** Rows that could not be understood: they permitted nothing. */
  readonly faults: readonly string[]
}

/** @param expand policy.noderange → nodes, with the tables as they are now */
export function decidePolicy(
  rows: readonly Row[],
  request: PolicyRequest,
  now: Date,
  expand: (noderange: string) => ExpandedRule,
): PolicyDecision {
  const faults: string[] = []
  let open = request.nodes
  for (const row of inOrder(rows)) {
    const permits = isPermitting(row)
    const fault = (text: string) => {
      faults.push(`policy row priority=${cell(row, 'priority')}: ${text}`)
      // Not understood: permits nothing, denies all the same.
      return !permits
    }
    if (!isAbout(row, request) || !isInTime(row, now, fault) || !fitsParameters(row, request.words, fault)) continue
    const rule = cell(row, 'priority')
    const decided = (reason: string) => ({ allowed: permits, rule, reason: `policy row ${rule}: ${reason}`, faults })
    const noderange = filled(row, 'noderange')
    if (noderange === undefined) return decided(permits ? 'permits' : 'denies')
    if (!open) continue
    const covered = expand(noderange)
    if (covered.faults.length > 0 && !fault(covered.faults.join('; '))) continue
    const touched = [...open].filter((node) => covered.nodes.has(node))
    if (!permits && (touched.length > 0 || covered.faults.length > 0))
      return decided(`denies ${touched[0] ?? noderange}`)
    if (touched.length === 0) continue
    if (touched.length === open.size) return decided('permits all nodes that are left')
    const taken = new Set(touched)
    open = new Set([...open].filter((node) => !taken.has(node)))
  }
  return { allowed: false, rule: undefined, reason: undecided(request, open), faults }
}

function undecided({ nodes }: PolicyRequest, open: ReadonlySet<string> | undefined): string {
  const [node] = open ?? []
  if (node === undefined || open?.size === nodes?.size) return 'no policy row permits it'
  return `no policy row permits it for ${node}`
}

/** Rows whose priority is no number come last. */
function inOrder(rows: readonly Row[]): Row[] {
  const place = (row: Row) => {
    const priority = Number.parseFloat(cell(row, 'priority'))
    return Number.isNaN(priority) ? Number.MAX_VALUE : priority
  }
  return rows.filter(isEnabled).sort((a, b) => place(a) - place(b))
}

/** "allow", "accept" and "trusted" anywhere in the word, in any case, as xCAT reads it. Blank denies. */
function isPermitting(row: Row): boolean {
  return /allow|accept|trusted/i.test(cell(row, 'rule'))
}

/** undefined: the column says nothing. */
function filled(row: Row, column: string): string | undefined {
  const value = cell(row, column).trim()
  return value === '' || value === '*' ? undefined : value
}

function isAbout(row: Row, { user, hosts, command }: PolicyRequest): boolean {
  const name = cell(row, 'name').trim()
  if (name !== '' && (user === undefined || (name !== '*' && name !== user))) return false
  const host = filled(row, 'host')
  if (host !== undefined && !hosts.includes(host)) return false
  const commands = filled(row, 'commands')
  return commands === undefined || splitList(commands).includes(command)
}

type OnFault = (text: string) => boolean

function isInTime(row: Row, now: Date, fault: OnFault): boolean {
  const text = filled(row, 'time')
  if (text === undefined) return true
  const times = parseTimes(text)
  return 'fault' in times ? fault(times.fault) : isWithin(times.windows, now)
}

function fitsParameters(row: Row, words: readonly string[], fault: OnFault): boolean {
  const pattern = filled(row, 'parameters')
  if (pattern === undefined) return true
  const compiled = compilePerlRegex(pattern)
  if ('fault' in compiled) return fault(compiled.fault)
  try {
    return compiled.regex.test(words.join(' '))
  } catch (error) {
    if (error instanceof SlowMatch) return fault(error.message)
    throw error
  }
}

/** What is wrong with rows by themselves, for `liteboot check`. */
export function policyFaults(rows: readonly Row[]): readonly { readonly row: string; readonly message: string }[] {
  return rows.filter(isEnabled).flatMap((row) => {
    const found: { row: string; message: string }[] = []
    const fault = (message: string) => found.push({ row: `priority=${cell(row, 'priority')}`, message }) < 0
    isInTime(row, new Date(0), fault)
    fitsParameters(row, [], fault)
    return found
  })
}
