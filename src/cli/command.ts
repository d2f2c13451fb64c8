/**
 * The commands: one file each, which parses its arguments, calls the API and prints what comes back. No command knows
 * tables, files or services; whatever it says was worded by the server.
 */
import type { Command } from 'commander'
import { OperatorError } from '../api/errors.ts'
import type { Api, CommandResult, OnProgress } from '../api/protocol.ts'

export interface CliCommand {
  readonly name: string
  readonly summary: string
  /** Called with no arguments at all: prints the help and ends with this status. Left out: that is a call as any other. */
  readonly nothingGiven?: number
  /** What comes before the number in `-v`: the object commands name themselves. */
  readonly versionPrefix?: string
  /** Changes tables or files: gets `--dry-run`, and its API calls are then asked what they would do. */
  readonly changes?: true
  /** Declares arguments and options on `program` and ends in `program.action(…)` that calls `run` once with the work. */
  define(program: Command, run: RunWork): void
}

export interface CommandEntry {
  /** As `liteboot help` shows it. */
  readonly summary: string
  load(): Promise<CliCommand>
}

/** One folder of commands; the title heads them in `liteboot help`. */
export interface CommandGroup {
  readonly title: string
  readonly commands: Readonly<Record<string, CommandEntry>>
}

export interface CliCall {
  readonly api: Api
  /** Shows a line on a terminal and nothing in a pipe. */
  readonly onProgress: OnProgress
  /** --json: only the value is printed. */
  readonly json: boolean
  /** All of standard input. */
  readonly input: () => Promise<string>
}

export type Work = (call: CliCall) => Promise<CommandResult>
export type RunWork = (work: Work) => void

/** Operands of object commands: `attr=value` words on one side, names on the other. */
export function splitOperands(operands: readonly string[]): { operands: string[]; assignments: string[] } {
  return {
    operands: operands.filter((operand) => !operand.includes('=')),
    assignments: operands.filter((operand) => operand.includes('=')),
  }
}

/** Names are one word. @throws OperatorError LB_USAGE */
export function oneOperand(operands: readonly string[]): string | undefined {
  if (operands.length > 1) throw new OperatorError('LB_USAGE', 'noderange can not contain spaces.')
  return operands[0]
}

/** For options that may be given several times. */
export function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value]
}
