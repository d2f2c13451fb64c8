/** Finds the command, connects, prints, and turns every outcome into an exit status. */
import { Command, CommanderError } from 'commander'
import { connectApi } from '../api/client.ts'
import { OperatorError } from '../api/errors.ts'
import type { Api, CommandResult } from '../api/protocol.ts'
import type { CliCommand, Work } from './command.ts'
import { COMMAND_GROUPS, COMMANDS, PROGRAMS, VERSION } from './commands.ts'
import { nearestName } from './nearest-name.ts'

export interface Terminal {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** State and socket; default: from the environment. */
  readonly places?: Parameters<typeof connectApi>[0]
  /** Progress is shown only here. */
  readonly errIsTerminal: boolean
  /** All of standard input; read only by commands that are asked to. */
  readonly input: () => Promise<string>
}

/** @returns the exit status */
export async function runCli(calledAs: string, args: readonly string[], terminal: Terminal): Promise<number> {
  const [name, rest] = Object.hasOwn(COMMANDS, calledAs) ? [calledAs, args] : [args[0] ?? 'help', args.slice(1)]
  if (name === 'help' || name === '--help' || name === '-h') {
    terminal.out(renderHelp())
    return 0
  }
  if (name === '--version' || name === '-v') {
    terminal.out(`liteboot ${VERSION}\n`)
    return 0
  }
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (!entry) {
    const near = nearestName(name, [...Object.keys(PROGRAMS), ...Object.keys(COMMANDS)])
    terminal.err(`Error: there is no command '${name}'${near ? `; did you mean '${near}'?` : ''}\n`)
    terminal.err('       `liteboot help` lists the commands\n')
    return 1
  }
  return runCommand(await entry.load(), rest, terminal)
}

/** The command as commander knows it; also what the reference page is made from. */
export function defineCommand(command: CliCommand, onWork: (work: Work) => void): Command {
  const program = new Command(command.name)
  program
    .description(command.summary)
    .option('--json', 'print the result as JSON')
    .version(`${command.versionPrefix ?? ''}${VERSION}`, '-v, --version', 'print the version')
    .allowExcessArguments(false)
  if (command.changes) program.option('--dry-run', 'say what would change, and change nothing')
  command.define(program, onWork)
  return program
}

async function runCommand(command: CliCommand, args: readonly string[], terminal: Terminal): Promise<number> {
  let work: Work | undefined
  const program = defineCommand(command, (given) => {
    work = given
  })
  program.exitOverride().configureOutput({
    writeOut: terminal.out,
    writeErr: terminal.err,
    outputError: (text, write) => write(`${text.replace(/^error:/, 'Error:')}${renderUsage(program)}`),
  })
  if (args.length === 0 && command.nothingGiven !== undefined) {
    terminal.out(program.helpInformation())
    return command.nothingGiven
  }
  try {
    await program.parseAsync([...args], { from: 'user' })
    return work ? await perform(work, program, terminal) : 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode
    throw error
  }
}

async function perform(work: Work, program: Command, terminal: Terminal): Promise<number> {
  const { json = false, dryRun = false } = program.opts<{ json?: boolean; dryRun?: boolean }>()
  const onProgress = terminal.errIsTerminal ? (line: string) => terminal.err(`${line}\n`) : () => {}
  try {
    const api = await connectApi(terminal.places)
    try {
      const asked = dryRun ? askingOnly(api) : api
      const result = await work({ api: asked, onProgress, json, input: terminal.input })
      print(result, json, terminal)
      return result.exitStatus
    } finally {
      await api.close()
    }
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    printError(error, json, program, terminal)
    return 1
  }
}

/** Every call of a command that was given `--dry-run` is one. */
function askingOnly(api: Api): Api {
  return {
    call: (method, params, onProgress) => api.call(method, { ...params, dryRun: true }, onProgress),
    close: () => api.close(),
  }
}

function print(result: CommandResult, json: boolean, terminal: Terminal): void {
  if (json) terminal.out(`${JSON.stringify(result.data, null, 2)}\n`)
  else if (result.output.length > 0) terminal.out(`${result.output.join('\n')}\n`)
  if (result.errors.length > 0) terminal.err(`${result.errors.join('\n')}\n`)
}

function printError(
  { code, message, advice }: OperatorError,
  json: boolean,
  program: Command,
  terminal: Terminal,
): void {
  if (json) terminal.out(`${JSON.stringify({ error: { code, message, advice } }, null, 2)}\n`)
  const isUsage = code === 'LB_USAGE'
  terminal.err(`Error: ${message}\n${isUsage ? renderUsage(program) : `       ${advice} [${code}]\n`}`)
}

function renderUsage(program: Command): string {
  return `Usage: ${program.name()} ${program.usage()}\n       \`${program.name()} --help\` explains the options\n`
}

function renderHelp(): string {
  const groups = COMMAND_GROUPS.map(({ title, commands }) => {
    const lines = Object.entries(commands).map(([name, { summary }]) => [name, summary] as const)
    return [title, lines] as const
  })
  const all = [...groups, ['Programs', Object.entries(PROGRAMS)] as const]
  const width = Math.max(...all.flatMap(([, lines]) => lines.map(([name]) => name.length)))
  const sections = all.map(([title, lines]) => {
    const rows = lines.map(([name, summary]) => `  ${name.padEnd(width)}  ${summary}`)
    return `${title}:\n${rows.join('\n')}\n`
  })
  return `Usage: liteboot <command> [arguments]\n\n${sections.join('\n')}\n\`liteboot <command> --help\` explains one command.\n`
}
