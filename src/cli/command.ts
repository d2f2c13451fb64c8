/**
 * The commands: one file each, which parses its arguments, calls the API and prints what comes back. No command knows
 * tables, files or services; whatever it says was worded by the server.
 */
import type { Command } from 'commander'
import type { Api, CommandResult } from '../api/protocol.ts'

export interface CliCommand {
  readonly name: string
  readonly summary: string
  /**
   * Declares arguments and options on `program` and ends in `program.action(…)` that calls `run` once with the work.
   * `onProgress` shows a line on a terminal and nothing in a pipe.
   */
  define(program: Command, run: RunWork): void
}

export type Work = (api: Api, onProgress: (line: string) => void) => Promise<CommandResult>
export type RunWork = (work: Work) => void

/** Operands of object commands: `attr=value` words on one side, names on the other. */
export function splitOperands(operands: readonly string[]): { names: string[]; assignments: string[] } {
  return {
    names: operands.filter((operand) => !operand.includes('=')),
    assignments: operands.filter((operand) => operand.includes('=')),
  }
}

/** For options that may be given several times. */
export function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value]
}
