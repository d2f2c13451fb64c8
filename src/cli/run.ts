/** Finds the command, connects, prints, and turns every outcome into an exit status. */
import { type Command, CommanderError } from 'commander'
import { connectApi } from '../api/client.ts'
import { OPERATOR_ERRORS, OperatorError } from '../api/errors.ts'
import type { Api, CommandResult } from '../api/protocol.ts'
import { renderHint } from '../tables/nearest-name.ts'
import type { CliCommand, Dialogue, Work } from './command.ts'
import { COMMANDS, PROGRAMS, VERSION } from './commands.ts'
import { defineCommand } from './shell/define.ts'
import { renderHelp } from './shell/help.ts'
import { openProgressLine } from './shell/progress-line.ts'

export interface Terminal {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** State and socket; default: from the environment. */
  readonly places?: Parameters<typeof connectApi>[0]
  /** Progress is shown only here. */
  readonly errIsTerminal: boolean
  /** All of standard input; read only by commands that are asked to. */
  readonly input: () => Promise<string>
  /** Left out: there is nobody to talk to. */
  readonly dialogue?: Dialogue
}

/** @returns the exit status */
export async function runCli(calledAs: string, args: readonly string[], terminal: Terminal): Promise<number> {
  if (args[0] === '__complete') {
    const { complete } = await import('./shell/complete.ts')
    return complete(args.slice(1), terminal)
  }
  const [name, rest] = Object.hasOwn(COMMANDS, calledAs) ? [calledAs, args] : [args[0] ?? 'help', args.slice(1)]
  if (name === '--version' || name === '-v') {
    terminal.out(`liteboot ${VERSION}\n`)
    return 0
  }
  const isHelp = name === 'help' || name === '--help' || name === '-h'
  if (isHelp && rest[0] === undefined) {
    terminal.out(renderHelp())
    return 0
  }
  const wanted = isHelp ? (rest[0] ?? '') : name
  const entry = Object.hasOwn(COMMANDS, wanted) ? COMMANDS[wanted] : undefined
  if (!entry) return refuseCommand(wanted, args, terminal)
  return runCommand(await entry.load(), isHelp ? ['--help'] : rest, terminal)
}

function refuseCommand(name: string, args: readonly string[], terminal: Terminal): number {
  const message = `there is no command '${name}'`
  const advice = '`liteboot help` lists the commands'
  if (args.includes('--json')) printJson({ error: { code: 'LB_USAGE', message, advice } }, terminal)
  const hint = renderHint(name, [...Object.keys(PROGRAMS), ...Object.keys(COMMANDS), 'help'])
  terminal.err(`Error: ${message}${hint}\n       ${advice}\n`)
  return 1
}

async function runCommand(command: CliCommand, args: readonly string[], terminal: Terminal): Promise<number> {
  let work: Work | undefined
  const program = defineCommand(command, (given) => {
    work = given
  })
  program.exitOverride().configureOutput({
    writeOut: terminal.out,
    writeErr: terminal.err,
    outputError: (text, write) => write(`${renderUsageError(text)}${renderUsage(program)}`),
  })
  if (args.length === 0 && command.nothingGiven !== undefined) {
    program.outputHelp()
    return command.nothingGiven
  }
  try {
    await program.parseAsync([...args], { from: 'user' })
    return work ? await perform(command, work, program, terminal) : 0
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode !== 0 && args.includes('--json')) {
      const [message = ''] = error.message.replace(/^error: /, '').split('\n')
      printJson({ error: { code: 'LB_USAGE', message, advice: OPERATOR_ERRORS.LB_USAGE } }, terminal)
    }
    return error.exitCode
  }
}

async function perform(command: CliCommand, work: Work, program: Command, terminal: Terminal): Promise<number> {
  const { json = false, dryRun = false } = program.opts<{ json?: boolean; dryRun?: boolean }>()
  const progress = openProgressLine(terminal.err)
  const onProgress = terminal.errIsTerminal ? progress.show : () => {}
  const api = connectWhenCalled(terminal.places)
  try {
    const result = await work({
      api: dryRun && command.changes ? askingOnly(api) : api,
      onProgress,
      json,
      dryRun,
      input: terminal.input,
      places: terminal.places,
      dialogue: terminal.dialogue ?? { isPossible: false, say: terminal.err, enter: async () => false },
    })
    progress.end()
    print(result, json, terminal)
    return result.exitStatus
  } catch (error) {
    progress.end()
    if (!(error instanceof OperatorError)) throw error
    printError(error, json, program, terminal)
    return 1
  } finally {
    await api.close()
  }
}

/** Some commands need no tables, and one keeps its user thinking for hours between two calls. */
function connectWhenCalled(places: Terminal['places']): Api {
  let connecting: Promise<Api> | undefined
  return {
    async call(method, params, onProgress) {
      connecting ??= connectApi(places)
      return (await connecting).call(method, params, onProgress)
    },
    async close() {
      const before = connecting
      connecting = undefined
      // Whoever called has been told why there is no connection.
      await before?.then(
        (api) => api.close(),
        () => {},
      )
    },
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
  const { data, output, errors } = result
  if (json) printJson(isRefused(result) ? { error: refusal(errors) } : data, terminal)
  else if (output.length > 0) terminal.out(`${output.join('\n')}\n`)
  if (errors.length > 0) terminal.err(`${errors.join('\n')}\n`)
}

/** Nothing was done and there is nothing to show: for a program that is an error, however xCAT words it for people. */
function isRefused({ data, errors, exitStatus }: CommandResult): boolean {
  return exitStatus !== 0 && errors.length > 0 && isNothing(data)
}

function isNothing(data: unknown): boolean {
  if (Array.isArray(data)) return data.length === 0
  if (typeof data === 'object' && data !== null) return 'changes' in data && data.changes === 0
  return data === null || data === undefined
}

function refusal(errors: readonly string[]): { code: string; message: string; advice: string } {
  const message = errors.join('\n').replace(/^Error: /, '')
  return { code: 'LB_BAD_INPUT', message, advice: OPERATOR_ERRORS.LB_BAD_INPUT }
}

function printJson(value: unknown, terminal: Terminal): void {
  terminal.out(`${JSON.stringify(value ?? null, null, 2)}\n`)
}

function printError(
  { code, message, advice }: OperatorError,
  json: boolean,
  program: Command,
  terminal: Terminal,
): void {
  if (json) printJson({ error: { code, message, advice } }, terminal)
  const isUsage = code === 'LB_USAGE'
  terminal.err(`Error: ${message}\n${isUsage ? renderUsage(program) : `       ${advice} [${code}]\n`}`)
}

function renderUsageError(text: string): string {
  return text
    .replace(/^error:/, 'Error:')
    .replace(/\n\(Did you mean (one of )?(.*)\?\)/, (_match, many: string | undefined, names: string) =>
      many === undefined ? `\n       Did you mean '${names}'?` : `\n       Did you mean one of ${names}?`,
    )
}

function renderUsage(program: Command): string {
  return `Usage: ${program.name()} ${program.usage()}\n       \`${program.name()} --help\` explains the options\n`
}
