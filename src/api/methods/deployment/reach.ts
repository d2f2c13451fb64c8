/** Whether a host answers, and on which ports: short TCP connections and pings, so many at a time. Knows no tables. */
import { connect } from 'node:net'
import { DEPLOYMENT_LIMITS } from './limits.ts'
import { runProgram } from './run-program.ts'

export interface Reach {
  readonly open: readonly string[]
  /** It answered in any way: an open port, a refused one, or a ping. */
  readonly alive: boolean
}

export interface ReachTools {
  /** `open`: accepted; `refused`: something is there; `silent`: nothing came back. */
  connect(ip: string, port: number): Promise<'open' | 'refused' | 'silent'>
  /** undefined: no ping program, so it cannot be told. */
  ping(ip: string): Promise<boolean | undefined>
}

const SSH = 22

/** What xCAT's nodestat looks for. ssh first: nearly every node that runs has it, and its silence saves the others. */
export const SERVICE_PORTS: Readonly<Record<string, number>> = {
  sshd: SSH,
  https: 443,
  pbs: 15002,
  xend: 8002,
  rdp: 3389,
  msrpc: 135,
}

/** A host that neither takes ssh nor answers a ping is not asked on its other ports: each would cost its whole time-out. */
export async function reachServices(ip: string, tools: ReachTools, ports = SERVICE_PORTS): Promise<Reach> {
  const [[firstName, firstPort] = ['', 0], ...others] = Object.entries(ports)
  const first = await tools.connect(ip, firstPort)
  if (first === 'silent' && (await tools.ping(ip)) !== true) return { open: [], alive: false }
  const answers = await Promise.all(others.map(async ([name, port]) => [name, await tools.connect(ip, port)] as const))
  const open = [[firstName, first] as const, ...answers].flatMap(([name, answer]) => (answer === 'open' ? [name] : []))
  return { open: open.sort(), alive: true }
}

/** An answer on the ssh port, be it a refusal, costs no program; only silence is worth a ping. */
export async function reachHost(ip: string, tools: ReachTools): Promise<boolean> {
  return (await tools.connect(ip, SSH)) !== 'silent' || (await tools.ping(ip)) === true
}

/** Tools that wait their turn: never more than a bounded number of connections and programs at once. */
export function openReachTools(
  limits: Pick<Record<keyof typeof DEPLOYMENT_LIMITS, number>, 'probes' | 'connectMs' | 'pingMs'> = DEPLOYMENT_LIMITS,
): ReachTools {
  const connections = openTurns(limits.probes)
  const programs = openTurns(limits.probes)
  let hasPing = true
  return {
    connect: (ip, port) => connections(() => tryConnect(ip, port, limits.connectMs)),
    ping: (ip) =>
      programs(async () => {
        if (!hasPing) return undefined
        const ran = await runProgram('ping', ['-n', '-q', '-c', '1', '-W', '1', ip], {
          env: process.env,
          timeoutMs: limits.pingMs,
          outputBytes: 1024,
        })
        if (ran.status === 127) hasPing = false
        // 2: ping itself could not work (no permission, no route).
        return ran.status === 127 || ran.status === 2 ? undefined : ran.status === 0
      }),
  }
}

function tryConnect(ip: string, port: number, timeoutMs: number): Promise<'open' | 'refused' | 'silent'> {
  return new Promise((resolve) => {
    const socket = connect({ host: ip, port })
    const end = (answer: 'open' | 'refused' | 'silent') => {
      socket.destroy()
      resolve(answer)
    }
    // In a process that was busy for so long the answer may be waiting already: it is looked at first.
    socket.setTimeout(timeoutMs, () => setImmediate(() => end('silent')))
    socket.once('connect', () => end('open'))
    socket.once('error', ({ code }: NodeJS.ErrnoException) =>
      end(code === 'ECONNREFUSED' || code === 'ECONNRESET' ? 'refused' : 'silent'),
    )
  })
}

/** Runs at most `most` tasks at once, in the order they came. */
export function openTurns(most: number): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let running = 0
  return async (task) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve))
    else running += 1
    try {
      return await task()
    } finally {
      const next = waiting.shift()
      // Its place goes over to the next one.
      if (next) next()
      else running -= 1
    }
  }
}
