/** Servers as processes: started inside a wire, waited for, measured through /proc, ended by pid with their children. */
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Side } from './wire.ts'

const CLOCK_TICKS_PER_SECOND = 100 // USER_HZ, the same on every Linux that Debian builds
const START_LIMIT_MS = 20_000
const STOP_LIMIT_MS = 5_000

export interface ServerProcess {
  readonly pid: number
  close(): Promise<void>
}

export interface PeerOptions {
  readonly side: Side
  readonly command: string
  readonly args: readonly string[]
  readonly logFile: string
  /** Ready when something listens here. */
  readonly port: { readonly protocol: 'tcp' | 'udp'; readonly number: number }
  readonly env?: Readonly<Record<string, string>>
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return '' // the process or thread has just ended
  }
}

/** The process and all its descendants. */
export function processTree(pid: number): number[] {
  const children = read(`/proc/${pid}/task/${pid}/children`).trim()
  return [pid, ...(children === '' ? [] : children.split(' ').flatMap((child) => processTree(Number(child))))]
}

/** User and system time of the process and its descendants. */
export function cpuSeconds(pid: number): number {
  const ticks = processTree(pid).map((member) => {
    // The name in parentheses may hold blanks; utime and stime are fields 14 and 15 of the whole line.
    const fields = read(`/proc/${member}/stat`).split(') ').at(-1)?.split(' ') ?? []
    return Number(fields[11] ?? 0) + Number(fields[12] ?? 0)
  })
  return ticks.reduce((sum, value) => sum + value, 0) / CLOCK_TICKS_PER_SECOND
}

export interface ResidentMemory {
  readonly nowMb: number
  /** Of it: pages of program files, which are shared with other processes that run the same program. */
  readonly filesMb: number
  readonly highestMb: number
}

export function residentMemory(pid: number): ResidentMemory {
  const status = read(`/proc/${pid}/status`)
  const megabytes = (field: string) =>
    (Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024) / 1e6
  return { nowMb: megabytes('VmRSS'), filesMb: megabytes('RssFile'), highestMb: megabytes('VmHWM') }
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => child.once('exit', () => resolve()))
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended by itself.
  }
}

/** SIGTERM, then SIGKILL to what is left of the tree. */
async function stop(child: ChildProcess): Promise<void> {
  const tree = child.pid === undefined ? [] : processTree(child.pid)
  child.kill('SIGTERM')
  await Promise.race([ended(child), sleep(STOP_LIMIT_MS, undefined, { ref: false })])
  child.kill('SIGKILL') // does nothing to a process that has ended
  for (const pid of tree.slice(1)) signal(pid, 'SIGKILL')
  await ended(child)
}

async function listens({ side, port }: PeerOptions): Promise<boolean> {
  const flag = port.protocol === 'tcp' ? '-Hltn' : '-Hlun'
  return (await side.exec('ss', [flag, `sport = :${port.number}`], 5000).catch(() => '')).trim() !== ''
}

/**
 * Starts a peer in the foreground. It gets a /run of its own, so that it neither finds nor replaces the sockets and pid
 * files of the machine's own services.
 */
export async function startPeer(options: PeerOptions): Promise<ServerProcess> {
  const { side, command, args, logFile } = options
  const log = openSync(logFile, 'a')
  const child = side.spawn(
    'sh',
    ['-c', 'mount -t tmpfs -o mode=755 tmpfs /run && mkdir -p /run/kea && exec "$@"', 'sh', command, ...args],
    { env: { ...process.env, ...options.env }, stdio: ['ignore', log, log] },
  )
  closeSync(log)
  child.on('error', () => {})
  const close = () => stop(child)
  const deadline = Date.now() + START_LIMIT_MS
  while (!(await listens(options))) {
    const gone = child.exitCode !== null || child.signalCode !== null
    if (gone || Date.now() > deadline) {
      await close()
      throw new Error(`${command} ${gone ? 'ended' : 'is not ready'}:\n${readFileSync(logFile, 'utf8').slice(-2000)}`)
    }
    await sleep(50)
  }
  return { pid: child.pid ?? 0, close }
}
