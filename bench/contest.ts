/** One measurement of liteboot and its peers: the same load on each of them in turn, several rounds in the same run. */
import { cpuSeconds } from './processes.ts'
import { ratiosOf, type Spread, spreadOf } from './statistics.ts'
import type { Wire } from './wire.ts'

export const OURS = 'liteboot'

export interface Contestant {
  readonly name: string
  readonly wire: Wire
  /** Of the server, for its share of a processor. */
  readonly pid: number
}

export interface Target {
  readonly ratio: number
  /** A peer, or the peer with the highest median. */
  readonly against: string
}

export interface Contest {
  readonly title: string
  readonly unit: string
  /** Runs the load once against the server of a wire. More is better. */
  load(wire: Wire): Promise<number>
  /** liteboot first. */
  readonly contestants: readonly Contestant[]
  readonly target: Target
  /** Shown below the table when something about this measurement needs to be known. */
  readonly note?: string
}

export interface Figure {
  readonly name: string
  readonly values: readonly number[]
  readonly spread: Spread
  /** Share of one processor that the server used; above 1 with several threads. */
  readonly cpu: Spread
  /** liteboot : this peer, of the same rounds; for liteboot itself undefined. */
  readonly ratio: Spread | undefined
}

export interface Outcome {
  readonly contest: Contest
  readonly figures: readonly Figure[]
  /** The peer that the target counts against. */
  readonly judgedBy: string
  readonly ratio: Spread
  readonly met: boolean
}

interface Round {
  readonly value: number
  readonly cpu: number
}

async function measure(contest: Contest, { wire, pid }: Contestant): Promise<Round> {
  const cpuBefore = cpuSeconds(pid)
  const startMs = performance.now()
  const value = await contest.load(wire)
  return { value, cpu: (cpuSeconds(pid) - cpuBefore) / ((performance.now() - startMs) / 1000) }
}

/** Every round asks everybody; the order turns, so that nobody always comes after the same neighbour. */
export async function runContest(contest: Contest, rounds: number): Promise<Outcome> {
  const { contestants } = contest
  const measured = new Map<string, Round[]>(contestants.map(({ name }) => [name, []]))
  // Caches of the servers and of the kernel are filled before the first round counts.
  for (const contestant of contestants) await contest.load(contestant.wire)
  for (let round = 0; round < rounds; round++) {
    const turn = round % contestants.length
    for (const contestant of [...contestants.slice(turn), ...contestants.slice(0, turn)])
      measured.get(contestant.name)?.push(await measure(contest, contestant))
  }
  return judge(contest, measured)
}

function judge(contest: Contest, measured: ReadonlyMap<string, readonly Round[]>): Outcome {
  const ours = (measured.get(OURS) ?? []).map(({ value }) => value)
  const figures = [...measured].map(([name, rounds]): Figure => {
    const values = rounds.map(({ value }) => value)
    return {
      name,
      values,
      spread: spreadOf(values),
      cpu: spreadOf(rounds.map(({ cpu }) => cpu)),
      ratio: name === OURS ? undefined : ratiosOf(ours, values),
    }
  })
  const peers = figures.filter(({ name }) => name !== OURS)
  const { against, ratio: wanted } = contest.target
  const judge = peers.find(({ name }) => name === against) ?? peers.sort((a, b) => b.spread.median - a.spread.median)[0]
  if (judge?.ratio === undefined) throw new Error(`${contest.title}: nobody to compare with`)
  return { contest, figures, judgedBy: judge.name, ratio: judge.ratio, met: judge.ratio.median >= wanted }
}
