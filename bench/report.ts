/** The results as Markdown. Pure: figures in, text out. */
import { OURS, type Outcome } from './contest.ts'
import type { Machine } from './machine.ts'
import { MEMORY_TARGET_MB, type MemoryOutcome } from './memory.ts'
import type { Profile } from './profile.ts'
import { NODES } from './site.ts'
import type { Spread } from './statistics.ts'

export interface ServiceReport {
  readonly name: string
  readonly method: string
  readonly outcomes: readonly Outcome[]
  readonly profiles: readonly Profile[]
}

export interface Report {
  readonly machine: Machine
  readonly date: string
  readonly command: string
  readonly rounds: number
  readonly seconds: number
  readonly minutes: number
  readonly services: readonly ServiceReport[]
  readonly memory: MemoryOutcome | undefined
  /** Of the server that took all the loads. */
  readonly highestMb: number | undefined
  /** Output of bench/tables.ts. */
  readonly tables: string | undefined
  /** A section, rendered. */
  readonly commands: string | undefined
}

function figure(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en')
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2)
}

function spread({ median, lowest, highest }: Spread, render: (value: number) => string): string {
  return `${render(median)} (${render(lowest)}–${render(highest)})`
}

const ratio = (value: number) => value.toFixed(2)
const verdict = (met: boolean) => (met ? 'met' : '**missed**')

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')
}

function peersOf({ outcomes }: ServiceReport): string[] {
  return [...new Set(outcomes.flatMap(({ figures }) => figures.map(({ name }) => name)))].filter(
    (name) => name !== OURS,
  )
}

function renderFigures(service: ServiceReport): string {
  const peers = peersOf(service)
  const head = ['', 'unit', OURS, ...peers, ...peers.map((peer) => `ratio to ${peer}`), 'target', '']
  const rows = service.outcomes.map(({ contest, figures, judgedBy, met }) => {
    const find = (name: string) => figures.find((entry) => entry.name === name)
    const value = (name: string) => {
      const found = find(name)
      return found ? spread(found.spread, figure) : '-'
    }
    const ratios = peers.map((peer) => {
      const found = find(peer)?.ratio
      return found ? spread(found, ratio) : '-'
    })
    const target = `≥ ${contest.target.ratio} × ${judgedBy}`
    return [contest.title, contest.unit, value(OURS), ...peers.map(value), ...ratios, target, verdict(met)]
  })
  return table(head, rows)
}

function renderProcessors(service: ServiceReport): string {
  const peers = peersOf(service)
  const percent = (value: number) => `${Math.round(value * 100)} %`
  const rows = service.outcomes.map(({ contest, figures }) => [
    contest.title,
    ...[OURS, ...peers].map((name) => {
      const found = figures.find((entry) => entry.name === name)
      return found ? percent(found.cpu.median) : '-'
    }),
  ])
  return `Processor time of the server during the load, 100 % is one processor:\n\n${table(['', OURS, ...peers], rows)}`
}

function renderProfile({ title, lines }: Profile): string {
  const rows = lines.map(({ where, share }) => [`\`${where}\``, `${(share * 100).toFixed(1)} %`])
  return `${title}:\n\n${table(['function', 'self'], rows)}`
}

const PROFILE_NOTE = `The same loads again on a liteboot with \`--cpu-prof\`: main thread, share of the time in callbacks that was spent in the
function itself. Functions without a file are native: \`doSend\` is the system call that sends a datagram, \`writeBuffer\` and \`writev\` write
to a TCP socket. Receiving is not in these tables: Node.js counts it as idle.`

function renderService(service: ServiceReport): string {
  const notes = service.outcomes.flatMap(({ contest }) => (contest.note ? [`${contest.title}: ${contest.note}`] : []))
  return [
    `## ${service.name}`,
    service.method,
    renderFigures(service),
    renderProcessors(service),
    ...notes,
    ...(service.profiles.length > 0 ? ['### Where the time goes', PROFILE_NOTE] : []),
    ...service.profiles.map(renderProfile),
  ].join('\n\n')
}

function renderMemory({ stages, met }: MemoryOutcome, highestMb: number | undefined): string {
  const rows = stages.map(({ title, nowMb, filesMb, highestMb: peak }) => [
    title,
    ...[nowMb, filesMb, peak].map(figure),
  ])
  const loads =
    highestMb === undefined
      ? ''
      : `\n\nThe server that took all the loads above reached ${figure(highestMb)} MB. It keeps files that are asked for again in memory on
purpose (here 1.01 GB), up to a quarter of the machine's.`
  return `## Memory

Resident memory of the whole \`liteboot serve\` at ${NODES.toLocaleString('en')} nodes, on a server of its own. Target: under ${MEMORY_TARGET_MB} MB at the last
stage: ${verdict(met)}.

${table(['', 'MB', 'of it program files, MB', 'highest so far, MB'], rows)}${loads}`
}

function missedTargets({ services, memory }: Report): string[] {
  const missed = services.flatMap(({ name, outcomes }) =>
    outcomes
      .filter(({ met }) => !met)
      .map(
        ({ contest, judgedBy, ratio: found }) =>
          `- ${name}, ${contest.title}: ${ratio(found.median)} × ${judgedBy} instead of ${contest.target.ratio}`,
      ),
  )
  const last = memory?.stages.at(-1)
  if (memory && last && !memory.met)
    missed.push(`- memory, ${last.title}: ${figure(last.nowMb)} MB instead of ${MEMORY_TARGET_MB}`)
  return missed
}

function renderHead(report: Report): string {
  const { machine, date, command, rounds, seconds, minutes, services, memory } = report
  const missed = missedTargets(report)
  const targets = services.flatMap(({ outcomes }) => outcomes).length + (memory ? 1 : 0)
  const packages = machine.packages.map(({ name, version }) => `${name} ${version}`).join(', ')
  const shared =
    machine.loadBefore > 0.5
      ? ` The machine was shared: its load was ${machine.loadBefore.toFixed(1)} before the start.`
      : ''
  return `# Benchmark results

Made by \`${command}\`; do not edit. docs/guide/benchmarks.md says how to read them.

${date}, liteboot ${machine.revision}, Node.js ${machine.node}; ${machine.processors}, ${machine.memoryGb.toFixed(0)} GB, Linux ${machine.kernel};
peers and load programs from Debian: ${packages}.${shared} ${minutes.toFixed(0)} minutes.

Servers and load programs ran on the same machine, each server in a network namespace of its own, joined by a veth pair to
the namespace of its load program. Each figure is the median of ${rounds} rounds of ${seconds} s (lowest–highest); in every round all servers
took their turn. Ratios are taken within a round: median (lowest–highest). More is better.

${targets - missed.length} of ${targets} targets were met${missed.length > 0 ? `; missed:\n\n${missed.join('\n')}` : '.'}`
}

export function renderReport(report: Report): string {
  const parts = [renderHead(report), ...report.services.map(renderService)]
  if (report.memory) parts.push(renderMemory(report.memory, report.highestMb))
  if (report.tables !== undefined)
    parts.push(`## Tables\n\n\`bench/tables.ts\`:\n\n\`\`\`\n${report.tables.trim()}\n\`\`\``)
  if (report.commands !== undefined) parts.push(report.commands.trim())
  return `${parts.join('\n\n')}\n`
}
