/** `liteboot help`: all commands, area by area. */
import { COMMAND_GROUPS, PROGRAMS } from '../commands.ts'
import { hasShortName } from './short-names.ts'
import { wrapText } from './wrap.ts'

type Line = readonly [name: string, summary: string]

export function renderHelp(width = 80): string {
  const groups = COMMAND_GROUPS.map(
    ({ title, commands }) =>
      [title, Object.entries(commands).map(([name, { summary }]): Line => [name, summary])] as const,
  )
  const sections = [...groups, ['Programs', Object.entries(PROGRAMS)] as const].filter(([, lines]) => lines.length > 0)
  const names = sections.flatMap(([, lines]) => lines.map(([name]) => name))
  const column = Math.max(...names.map((name) => name.length)) + 4
  const renderLine = ([name, summary]: Line) =>
    `  ${name.padEnd(column - 2)}${wrapText(summary, width - column, ' '.repeat(column))}\n`
  const [short = ''] = names.filter(hasShortName)
  return [
    'Usage: liteboot <command> [arguments]\n',
    ...sections.map(([title, lines]) => `${title}:\n${lines.map(renderLine).join('')}`),
    `\`liteboot help <command>\` explains one command. After \`liteboot install-links\`\nxCAT's commands have their own names: \`${short}\` is \`liteboot ${short}\`.\n`,
  ].join('\n')
}
