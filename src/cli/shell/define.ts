/** A command as commander knows it; help, man page, completion and the reference page are all made from this. */
import { Command } from 'commander'
import type { CliCommand, Example, Work } from '../command.ts'
import { VERSION } from '../commands.ts'
import { typedName } from './short-names.ts'
import { wrapCommandLine, wrapText } from './wrap.ts'

export function defineCommand(command: CliCommand, onWork: (work: Work) => void): Command {
  const program = new Command(typedName(command.name))
  program
    .description([command.summary, ...(command.details ?? [])].join('\n\n'))
    .helpOption('-h, --help', 'print this help')
    .allowExcessArguments(false)
  program.configureHelp({ commandUsage: (cmd) => wrapUsage(`${cmd.name()} ${cmd.usage()}`, helpWidth(program)) })
  command.define(program, onWork)
  // What all commands have stands below what this one has.
  program.option('--json', 'print the result as JSON')
  if (command.changes) program.option('--dry-run', 'say what would change, and change nothing')
  program.version(`${command.versionPrefix ?? ''}${VERSION}`, '-v, --version', 'print the version')
  const { examples = [] } = command
  if (examples.length > 0) program.addHelpText('after', () => renderExamples(examples, helpWidth(program)))
  return program
}

function renderExamples(examples: readonly Example[], width: number): string {
  const lines = examples.flatMap(({ says, run }) => [
    `  # ${wrapText(says, width - 4, '  # ')}`,
    `  ${wrapCommandLine(run, width - 2, '      ')}`,
  ])
  return ['', 'Examples:', ...lines].join('\n')
}

/** Behind `Usage: `. */
function wrapUsage(usage: string, width: number): string {
  return usage
    .split('\n')
    .map((line) => wrapText(line, width - 15, '               ').replace(/^/, line.startsWith(' ') ? '       ' : ''))
    .join('\n')
}

/** As wide as commander makes the rest. */
function helpWidth(program: Command): number {
  return program.configureOutput().getOutHelpWidth?.() ?? 80
}
