/** A command's man page, from the same descriptions as its help. */
import type { Command } from 'commander'
import type { CliCommand } from '../command.ts'
import { COMMAND_GROUPS, PROGRAMS, RELEASED, VERSION } from '../commands.ts'
import { defineCommand } from './define.ts'
import { MARK } from './program.ts'
import { renderLiteral, renderText } from './roff.ts'
import { pageName } from './short-names.ts'
import { wrapCommandLine } from './wrap.ts'

export function renderCommandPage(command: CliCommand, headline: string): string {
  const program = defineCommand(command, () => {})
  const seeAlso = neighbours(command.name).map(pageName)
  return renderPage(pageName(command.name), headline, [
    ['SYNOPSIS', renderUsage(program)],
    ['DESCRIPTION', [...paragraphs([command.summary, ...(command.details ?? [])]), ...renderArguments(program)]],
    ['OPTIONS', visibleOptions(program).flatMap(([flags, text]) => tagged(flags, text))],
    ['EXAMPLES', renderExamples(command)],
    ['EXIT STATUS', renderStatuses(command.exitStatuses)],
    ['ENVIRONMENT', renderEnvironment(command.environment)],
    ['FILES', FILES.flatMap(([path, text]) => tagged(path, text))],
    ['SEE ALSO', renderReferences(['liteboot', ...seeAlso])],
  ])
}

export function renderMainPage(): string {
  const groups = COMMAND_GROUPS.filter(({ commands }) => Object.keys(commands).length > 0)
  const commands = groups.flatMap(({ title, commands: entries }) => [
    `.SS ${renderLiteral(title)}`,
    ...Object.entries(entries).flatMap(([name, { summary }]) => tagged(`${pageName(name)}(1)`, summary)),
  ])
  const programs = Object.entries(PROGRAMS).flatMap(([name, text]) => tagged(`liteboot ${name}`, text))
  return renderPage('liteboot', 'boot services for diskless clusters', [
    ['SYNOPSIS', ['.B liteboot', renderLiteral('command [arguments]')]],
    [
      'DESCRIPTION',
      paragraphs([
        '`liteboot serve` answers DHCP, TFTP, HTTP and NFS for diskless nodes. Everything it says is computed from tables, which the other commands show and change.',
        "Every command is typed `liteboot command`; after `liteboot install-links` xCAT's commands have their own names as well.",
        'While the server runs, commands speak to it over its socket, and an edit counts for every node when the command returns. When no server runs, commands of root open the tables directly.',
        'Results go to standard output, errors and warnings to standard error. What is wrong with one node never stops the others.',
      ]),
    ],
    ['COMMANDS', commands],
    ['PROGRAMS', programs],
    ['EXIT STATUS', renderStatuses({})],
    ['ENVIRONMENT', renderEnvironment({})],
    ['FILES', FILES.flatMap(([path, text]) => tagged(path, text))],
    ['SEE ALSO', renderReferences(groups.flatMap(({ commands: entries }) => Object.keys(entries).map(pageName)))],
  ])
}

const FILES = [
  ['/var/lib/liteboot/tables.sqlite', 'The tables.'],
  ['/run/liteboot.sock', "The running server's socket."],
] as const

const ENVIRONMENT = {
  LITEBOOT_STATE: 'Another state directory than /var/lib/liteboot.',
  LITEBOOT_SOCKET: 'Another socket than /run/liteboot.sock.',
}

type Section = readonly [title: string, lines: readonly string[]]

function renderPage(name: string, headline: string, sections: readonly Section[]): string {
  const lines = [
    `.\\" ${MARK}, from the same text as \`${name} \\-\\-help\\(ga.`.replaceAll('\\-', '-').replace('\\(ga', '`'),
    `.TH ${name.toUpperCase()} 1 "${RELEASED}" "liteboot ${VERSION}" "liteboot"`,
    '.SH NAME',
    `${renderLiteral(name)} \\- ${renderText(headline)}`,
    ...sections.flatMap(([title, body]) => (body.length === 0 ? [] : [`.SH ${title}`, ...body])),
  ]
  return `${lines.join('\n')}\n`
}

function paragraphs(texts: readonly string[]): string[] {
  return texts.flatMap((text, at) => [...(at === 0 ? [] : ['.PP']), renderText(text)])
}

function tagged(term: string, text: string): string[] {
  return ['.TP', `\\fB${renderLiteral(term)}\\fR`, text === '' ? '\\&' : renderText(text)]
}

function renderUsage(program: Command): string[] {
  const lines = `${program.name()} ${program.usage()}`.split('\n').map((line) => line.trim())
  return lines.flatMap((line, at) => {
    const rest = line.startsWith(program.name()) ? line.slice(program.name().length).trim() : line
    return [...(at === 0 ? [] : ['.br']), `.B ${renderLiteral(program.name())}`, renderLiteral(rest)]
  })
}

function renderArguments(program: Command): string[] {
  return program.registeredArguments.flatMap((argument) => {
    const { description } = argument
    return description === '' ? [] : tagged(argument.name(), description)
  })
}

function visibleOptions(program: Command): (readonly [string, string])[] {
  const help = program.createHelp()
  return help.visibleOptions(program).map((option) => [option.flags, help.optionDescription(option)])
}

function renderExamples({ examples = [] }: CliCommand): string[] {
  return examples.flatMap(({ says, run }, at) => [
    ...(at === 0 ? [] : ['.PP']),
    `${renderText(says.replace(/[.:]$/, ''))}:`,
    '.PP',
    '.RS 4',
    '.nf',
    ...wrapCommandLine(run, 70, '    ').split('\n').map(renderLiteral),
    '.fi',
    '.RE',
  ])
}

function renderStatuses(own: Readonly<Record<number, string>> = {}): string[] {
  const statuses: Record<string, string> = {
    0: 'No error. Warnings do not count.',
    1: 'An error, or wrong usage.',
    ...own,
  }
  return Object.entries(statuses).flatMap(([status, text]) => tagged(status, text))
}

function renderEnvironment(own: Readonly<Record<string, string>> = {}): string[] {
  return Object.entries({ ...own, ...ENVIRONMENT }).flatMap(([name, text]) => tagged(name, text))
}

/** The other commands of the same area. */
function neighbours(name: string): string[] {
  const group = COMMAND_GROUPS.find(({ commands }) => Object.hasOwn(commands, name))
  return Object.keys(group?.commands ?? {}).filter((other) => other !== name)
}

function renderReferences(names: readonly string[]): string[] {
  const sorted = [...new Set(names)].sort()
  return sorted.map((name, at) => `.BR ${renderLiteral(name)} (1)${at === sorted.length - 1 ? '' : ' ,'}`)
}
