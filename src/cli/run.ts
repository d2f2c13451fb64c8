/** Finds the command, connects, prints, and turns every outcome into an exit status. */
import { Command, CommanderError } from 'commander'
import { connectApi } from '../api/client.ts'
import { OperatorError } from '../api/errors.ts'
import type { CommandResult } from '../api/protocol.ts'
import type { CliCommand, Work } from './command.ts'
import { COMMANDS, PROGRAMS } from './commands.ts'

export interface Terminal {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** Progress is shown only here. */
  readonly errIsTerminal: boolean
}

const VERSION = '0.1.0'

/** @returns the exit status */
export async function runCli(calledAs: string, args: readonly string[], terminal: Terminal): Promise<number> {
  const [name, rest] = calledAs in COMMANDS ? [calledAs, args] : [args[0] ?? 'help', args.slice(1)]
  if (name === 'help' || name === '--help' || name === '-h') {
    terminal.out(renderHelp())
    return 0
  }
  if (name === '--version' || name === '-v') {
    terminal.out(`liteboot ${VERSION}\n`)
    return 0
  }
  const entry = COMMANDS[name]
  if (!entry) {
    const near = nearestName(name, [...Object.keys(PROGRAMS), ...Object.keys(COMMANDS)])
    terminal.err(`Error: there is no command '${name}'${near ? `; did you mean '${near}'?` : ''}\n`)
    terminal.err('       `liteboot help` lists the commands\n')
    return 1
  }
  return runCommand(await entry.load(), rest, terminal)
}

async function runCommand(command: CliCommand, args: readonly string[], terminal: Terminal): Promise<number> {
  let work: Work | undefined
  const program = new Command(command.name)
  program
    .description(command.summary)
    .option('--json', 'print the result as JSON')
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .allowExcessArguments(false)
  command.define(program, (given) => {
    work = given
  })
  try {
    await program.parseAsync([...args], { from: 'user' })
    if (!work) return 0
    return await perform(work, program.opts<{ json?: boolean }>().json === true, terminal)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode
    return printError(error, terminal)
  }
}

async function perform(work: Work, asJson: boolean, terminal: Terminal): Promise<number> {
  const api = await connectApi()
  try {
    const showProgress = terminal.errIsTerminal ? (line: string) => terminal.err(`${line}\n`) : () => {}
    const result = await work(api, showProgress)
    print(result, asJson, terminal)
    return result.exitStatus
  } finally {
    await api.close()
  }
}

function print(result: CommandResult, asJson: boolean, terminal: Terminal): void {
  if (asJson) terminal.out(`${JSON.stringify(result.data, null, 2)}\n`)
  else if (result.output.length > 0) terminal.out(`${result.output.join('\n')}\n`)
  if (result.errors.length > 0) terminal.err(`${result.errors.join('\n')}\n`)
}

function printError(error: unknown, terminal: Terminal): number {
  if (error instanceof OperatorError) {
    terminal.err(`Error: ${error.message}\n       ${error.advice} [${error.code}]\n`)
  } else {
    terminal.err(`Error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  }
  return 1
}

function renderHelp(): string {
  const commands = Object.entries(COMMANDS).map(([name, entry]) => [name, entry.summary] as const)
  const all = [...Object.entries(PROGRAMS), ...commands]
  const width = Math.max(...all.map(([name]) => name.length))
  const lines = all.map(([name, summary]) => `  ${name.padEnd(width)}  ${summary}`)
  return `Usage: liteboot <command> [arguments]\n\nCommands:\n${lines.join('\n')}\n\n\`liteboot <command> --help\` explains one command.\n`
}

/** The candidate with the smallest edit distance, if it is near enough to be a slip. */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  const scored = candidates.map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
  scored.sort((a, b) => a.distance - b.distance)
  const best = scored[0]
  return best && best.distance <= Math.max(1, Math.floor(name.length / 3)) ? best.candidate : undefined
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
