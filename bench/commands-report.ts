/** The figures of the commands as a section of Markdown, and its place among the others. Pure. */
import { type CommandFigure, type CommandsOutcome, TARGET_NODES } from './commands.ts'
import { NODES_PER_GROUP } from './commands-site.ts'
import type { Machine } from './machine.ts'

const TITLE = '## Tables and commands'

function render({ unit, spread: { median, lowest, highest } }: CommandFigure): string {
  const text = (value: number) => (value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en'))
  return lowest === highest ? `${text(median)} ${unit}` : `${text(median)} ${unit} (${text(lowest)}–${text(highest)})`
}

function verdict(outcomes: readonly CommandsOutcome[], title: string): string {
  const figure = outcomes.find(({ nodes }) => nodes === TARGET_NODES)?.figures.find((entry) => entry.title === title)
  if (figure?.most === undefined) return ''
  return `< ${figure.most.toLocaleString('en')} ${figure.unit}: ${figure.spread.median < figure.most ? 'met' : '**missed**'}`
}

export function renderCommands(
  outcomes: readonly CommandsOutcome[],
  machine: Machine,
  date: string,
  rounds: number,
): string {
  const head = [
    '',
    ...outcomes.map(
      ({ nodes, groups }) => `${nodes.toLocaleString('en')} nodes, ${groups.toLocaleString('en')} groups`,
    ),
    `target at ${TARGET_NODES.toLocaleString('en')}`,
  ]
  const titles = [...new Set(outcomes.flatMap(({ figures }) => figures.map(({ title }) => title)))]
  const rows = titles.map((title) => [
    title,
    ...outcomes.map(({ figures }) => {
      const figure = figures.find((entry) => entry.title === title)
      return figure ? render(figure) : '-'
    }),
    verdict(outcomes, title),
  ])
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  const shared =
    machine.loadBefore > 0.5
      ? ` The machine was shared: its load was ${machine.loadBefore.toFixed(1)} before the start.`
      : ''
  return `${TITLE}

${date}, liteboot ${machine.revision}, Node.js ${machine.node}; ${machine.processors}, ${machine.memoryGb.toFixed(0)} GB, Linux ${machine.kernel}.${shared}
From the shell's prompt to the command's exit, against a running \`liteboot serve\` where nothing else is said; an edit returns when nodes are
answered from it. Groups of ${NODES_PER_GROUP} nodes; addresses, BMCs and TFTP servers by regular expression. Median of ${rounds} (lowest–highest), starts of the server of ${Math.min(rounds, 3)}.

${lines.join('\n')}
`
}

/** The section takes the place of the one that is there, or comes last; not a byte of the others changes. */
export function replaceSection(text: string, section: string, title = TITLE): string {
  const start = text.indexOf(`${title}\n`)
  if (start === -1) return `${text.trimEnd()}\n\n${section}`
  const end = text.indexOf('\n## ', start + title.length)
  return `${text.slice(0, start)}${section}${end === -1 ? '' : text.slice(end)}`
}
