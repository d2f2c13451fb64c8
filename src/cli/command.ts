/**
 * The commands: one file each, which parses its arguments, calls the API and prints what comes back. No command knows
 * tables, files or services; whatever it says was worded by the server.
 */
import type { Command } from 'commander'
import type { connectApi } from '../api/client.ts'
import { OperatorError } from '../api/errors.ts'
import type { Api, CommandResult, OnProgress } from '../api/protocol.ts'
import type { Expected } from './shell/value-kinds.ts'

export interface CliCommand {
  readonly name: string
  /** One sentence or two: the head of the help, the man page and the reference. */
  readonly summary: string
  /** Paragraphs: what an administrator must know beyond the options. */
  readonly details?: readonly string[]
  readonly examples?: readonly Example[]
  /** Other than 0 and 1, and what they mean. */
  readonly exitStatuses?: Readonly<Record<number, string>>
  /** Variables that only this command reads. */
  readonly environment?: Readonly<Record<string, string>>
  /** What shells complete in the place of an argument or of an option's value, where its name does not tell by itself. */
  readonly completes?: Readonly<Record<string, Expected>>
  /** Called with no arguments at all: prints the help and ends with this status. Left out: that is a call as any other. */
  readonly nothingGiven?: number
  /** What comes before the number in `-v`: the object commands name themselves. */
  readonly versionPrefix?: string
  /** Changes tables or files: gets `--dry-run`, and its API calls are then asked what they would do. */
  readonly changes?: true
  /** Declares arguments and options on `program` and ends in `program.action(…)` that calls `run` once with the work. */
  define(program: Command, run: RunWork): void
}

export interface Example {
  readonly says: string
  /** As typed, with the command's short name if it has one. */
  readonly run: string
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
  /** Connects when it is first called, and again after a `close`. */
  readonly api: Api
  /** Shows a line on a terminal and nothing in a pipe. */
  readonly onProgress: OnProgress
  /** --json: only the value is printed. */
  readonly json: boolean
  /** --dry-run. */
  readonly dryRun: boolean
  /** For the few commands that talk with the administrator while they work. */
  readonly dialogue: Dialogue
  /** All of standard input. */
  readonly input: () => Promise<string>
  /** State, socket and logins, when they are not those that the environment tells. */
  readonly places?: Parameters<typeof connectApi>[0]
}

export interface Dialogue {
  /** Standard input is a terminal: there is somebody to ask. */
  readonly isPossible: boolean
  /** On standard error, at once. */
  readonly say: (text: string) => void
  /** Asks, and waits for the enter key. false: end of input, or an interrupt. */
  readonly enter: (question: string) => Promise<boolean>
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
