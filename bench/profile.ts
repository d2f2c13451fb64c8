/** Where the time goes when a target is missed: the same load on a server that keeps a profile, read by function. */
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Contest } from './contest.ts'
import { startLiteboot } from './server.ts'
import { openWire } from './wire.ts'

const FUNCTIONS_SHOWN = 12

export interface ProfileLine {
  readonly where: string
  /** Share of the time spent in callbacks, in the function itself. */
  readonly share: number
}

export interface Profile {
  readonly title: string
  readonly lines: readonly ProfileLine[]
}

/** As far as it is read here: V8's .cpuprofile. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  /** Microseconds of the monotonic clock, which all processes share. */
  readonly startTime: number
  readonly samples: readonly number[]
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[]
}

const ROOT = join(import.meta.dirname, '..')

function nameOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName
  if (url === '') return name
  const file = url.startsWith('file:') ? relative(ROOT, fileURLToPath(url)) : url
  return `${name} ${file}:${lineNumber + 1}`
}

interface Window {
  readonly fromUs: number
  readonly toUs: number
}

export function summariseProfile(title: string, profile: CpuProfile, window: Window): Profile {
  const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
  const self = new Map<string, number>()
  let atUs = profile.startTime
  profile.samples.forEach((id, at) => {
    const passedUs = profile.timeDeltas[at] ?? 0
    atUs += passedUs
    if (atUs < window.fromUs || atUs > window.toUs) return
    const name = names.get(id) ?? '?'
    self.set(name, (self.get(name) ?? 0) + passedUs)
  })
  // Node counts what libuv does between callbacks as idle: waiting, but receiving from sockets too.
  self.delete('(idle)')
  const busy = [...self.values()].reduce((sum, time) => sum + time, 0)
  const lines = [...self]
    .sort((a, b) => b[1] - a[1])
    .slice(0, FUNCTIONS_SHOWN)
    .map(([where, time]) => ({ where, share: time / busy }))
  return { title, lines }
}

/** @param state is copied: the profiled server starts from the tables, not from the leases of the others */
export async function profileContest(contest: Contest, state: string, scratch: string): Promise<Profile> {
  const directory = join(scratch, `profile-${contest.title.replaceAll(/\W+/g, '-')}`)
  mkdirSync(directory)
  cpSync(state, join(directory, 'state'), { recursive: true })
  const nowUs = () => Number(process.hrtime.bigint() / 1000n)
  const wire = await openWire()
  let window: Window
  try {
    const server = await startLiteboot({
      wire,
      state: join(directory, 'state'),
      logFile: join(directory, 'log'),
      profileDirectory: directory,
    })
    try {
      // Once for the caches and the compiler, once to look at.
      await contest.load(wire)
      const fromUs = nowUs()
      await contest.load(wire)
      window = { fromUs, toUs: nowUs() }
    } finally {
      await server.close()
    }
  } finally {
    await wire.close()
  }
  const file = readdirSync(directory).find((name) => name.endsWith('.cpuprofile'))
  if (!file) throw new Error(`${contest.title}: the server wrote no profile`)
  const profile = JSON.parse(readFileSync(join(directory, file), 'utf8')) as CpuProfile // written by Node
  return summariseProfile(contest.title, profile, window)
}
