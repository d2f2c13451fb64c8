/** Renders docs/reference/commands.md from the commands: `node src/cli/render-docs.ts > docs/reference/commands.md`. */
import { pathToFileURL } from 'node:url'
import type { CliCommand } from './command.ts'
import { COMMANDS, PROGRAMS } from './commands.ts'
import { defineCommand } from './shell/define.ts'

const INTRO = `# Commands

Made from the commands by \`node src/cli/render-docs.ts\`; do not edit.

Every command is \`liteboot <command>\`, or the command's own name when \`bin/liteboot\` is linked to it. While the server runs,
commands speak to it over its socket, and an edit counts for every node when the command returns. When no server runs,
root's commands open the tables directly. \`LITEBOOT_STATE\` names another state directory than \`/var/lib/liteboot\`,
\`LITEBOOT_SOCKET\` another socket.

Results go to standard output, \`Error: …\` and \`Warning: …\` lines to standard error; lines about one node begin with its
name. The exit status is 0 when there was no error. What is wrong with one node never stops the others. Progress is shown
on a terminal only. All commands know \`--json\` (the result as a value on standard output; an error as
\`{"error": {"code", "message", "advice"}}\`), \`-v\` and \`-h\`. [Errors](errors.md) have codes.
`

export async function renderCommandsPage(): Promise<string> {
  const sections = []
  for (const entry of Object.values(COMMANDS)) sections.push(renderCommand(await entry.load()))
  const programs = Object.entries(PROGRAMS).map(([name, summary]) => `- \`liteboot ${name}\`: ${summary}`)
  const rest = `## serve, vm\n\nPrograms of their own; \`--help\` explains them.\n\n${programs.join('\n')}\n`
  return [INTRO, ...sections, rest].join('\n')
}

/** Options that every command has are explained once, at the top. */
const SHARED: readonly (string | undefined)[] = ['--json', '--version']

function renderCommand(command: CliCommand): string {
  const program = defineCommand(command, () => {})
  const usage = `${program.name()} ${program.usage()}`.split('\n').map((line) => `    ${line.trim()}`)
  const items = [
    ...program.registeredArguments.map((argument) => [argument.name(), argument.description] as const),
    ...program.options
      .filter(({ hidden, long }) => !hidden && !SHARED.includes(long))
      .map(({ flags, description }) => [flags, description] as const),
    ...Object.entries(command.exitStatuses ?? {}).map(
      ([status, meaning]) => [`exit status ${status}`, meaning] as const,
    ),
  ].filter(([, description]) => description !== '')
  const rows = items.map(([name, description]) => `| \`${name}\` | ${escapeCell(description)} |`)
  const table = rows.length === 0 ? [] : ['| | |', '|---|---|', ...rows, '']
  const examples = (command.examples ?? []).flatMap(({ says, run }) => [`    # ${says}`, `    ${run}`])
  const details = (command.details ?? []).flatMap((text) => [text, ''])
  const rest = examples.length === 0 ? [] : ['Examples:', '', ...examples, '']
  return [`## ${command.name}`, '', command.summary, '', ...usage, '', ...details, ...table, ...rest].join('\n')
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;')
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  process.stdout.write(await renderCommandsPage())
