/**
 * A wire: two network namespaces joined by one veth pair, the server on 10.77.0.1 and the load program on 10.77.0.2.
 * Every server of a comparison has a wire of its own with the same addresses, so that all of them are up at the same
 * time on their well-known ports and one load program fits all. Nothing is connected to the machine's own network.
 *
 * Namespaces are named after the process that made them: what a killed benchmark left behind is removed by the next.
 */
import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)
const PREFIX = 'lbbench-'

export const SERVER = '10.77.0.1'
export const CLIENT = '10.77.0.2'
export const NETWORK = { net: '10.77.0.0', mask: '255.255.0.0', prefix: 16 } as const

export interface Side {
  readonly namespace: string
  /** The returned pid is the program's own. */
  spawn(command: string, args: readonly string[], options?: SpawnOptions): ChildProcess
  /** Runs a program to its end, at most `timeoutMs`, whatever its exit status says. */
  exec(command: string, args: readonly string[], timeoutMs: number): Promise<string>
}

export interface Wire {
  readonly server: Side
  readonly client: Side
  close(): Promise<void>
}

async function ip(...args: string[]): Promise<string> {
  return (await run('ip', args)).stdout
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

export async function removeStaleWires(): Promise<void> {
  for (const line of (await ip('netns', 'list')).split('\n')) {
    const name = line.split(' ')[0] ?? ''
    const pid = Number(/^lbbench-(\d+)-/.exec(name)?.[1])
    if (Number.isInteger(pid) && !isAlive(pid)) await ip('netns', 'delete', name)
  }
}

function openSide(namespace: string): Side {
  const inside = (command: string, args: readonly string[]) => ['netns', 'exec', namespace, command, ...args]
  return {
    namespace,
    spawn: (command, args, options = {}) => spawn('ip', inside(command, args), options),
    exec: (command, args, timeoutMs) =>
      new Promise((resolve, reject) => {
        const options = { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 16 * 1024 * 1024 } as const
        execFile('ip', inside(command, args), options, (error, stdout, stderr) => {
          if (error?.killed) reject(new Error(`${command} did not end within ${timeoutMs} ms`))
          else if (error && typeof error.code !== 'number') reject(error)
          else if (error && stdout === '') reject(new Error(`${command} ${args.join(' ')}: ${stderr.trim()}`))
          else resolve(stdout)
        })
      }),
  }
}

let wires = 0

export async function openWire(): Promise<Wire> {
  const number = wires++
  const server = openSide(`${PREFIX}${process.pid}-s${number}`)
  const client = openSide(`${PREFIX}${process.pid}-c${number}`)
  const close = async () => {
    for (const { namespace } of [server, client]) await ip('netns', 'delete', namespace).catch(() => {})
  }
  try {
    for (const { namespace } of [server, client]) {
      await ip('netns', 'add', namespace)
      await ip('-n', namespace, 'link', 'set', 'lo', 'up')
    }
    const ends = { a: 'boot0', b: 'load0' } as const
    await ip(
      ...['-n', server.namespace, 'link', 'add', ends.a, 'type', 'veth', 'peer', 'name', ends.b],
      ...['netns', client.namespace],
    )
    for (const [side, link, address] of [
      [server, ends.a, SERVER],
      [client, ends.b, CLIENT],
    ] as const) {
      await ip('-n', side.namespace, 'address', 'add', `${address}/${NETWORK.prefix}`, 'dev', link)
      await ip('-n', side.namespace, 'link', 'set', link, 'up')
    }
  } catch (error) {
    await close()
    throw error
  }
  return { server, client, close }
}
