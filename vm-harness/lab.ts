/**
 * A private network for rehearsals: one network namespace with one bridge that carries the server's address, and a tap
 * device for each virtual machine. Nothing in it is connected to the machine's own network.
 *
 * A lab is named after the process that made it, so that what a killed process left behind is found and removed later.
 */
import { execFile, type SpawnOptions, spawn } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)
const PREFIX = 'liteboot-'
/** A lab, or another machine in it. */
const OURS = new RegExp(`^${PREFIX}(\\d+)(?:-|$)`)

/** A machine of the network, as a namespace. */
export interface Host {
  readonly namespace: string
  /** Starts a program inside the namespace; the returned pid is the program's own. */
  spawn(command: string, args: readonly string[], options?: SpawnOptions): ReturnType<typeof spawn>
  /** Runs a program inside the namespace to its end and returns its standard output. */
  exec(command: string, args: readonly string[]): Promise<string>
}

/** The bridge, and the server's machine. */
export interface Lab extends Host {
  readonly serverAddress: string
  /** Adds a tap device to the bridge and returns its name. */
  addTap(): Promise<string>
  /** Another machine on the bridge, as a namespace of its own. @param address with prefix length */
  addHost(name: string, address: string): Promise<Host>
  close(): Promise<void>
}

async function ip(...args: string[]): Promise<string> {
  return (await run('ip', args)).stdout
}

/** Removes labs whose process is gone. */
export async function removeStaleLabs(isAlive: (pid: number) => boolean = processIsAlive): Promise<string[]> {
  const names = (await ip('netns', 'list')).split('\n').map((line) => line.split(' ')[0] ?? '')
  const stale = names.filter((name) => {
    const pid = OURS.exec(name)?.[1]
    return pid !== undefined && !isAlive(Number(pid))
  })
  for (const name of stale) await ip('netns', 'delete', name)
  return stale
}

function processIsAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function hostIn(namespace: string): Host {
  const inside = (command: string, args: readonly string[]) => ['netns', 'exec', namespace, command, ...args]
  return {
    namespace,
    spawn: (command, args, options = {}) => spawn('ip', inside(command, args), options),
    exec: async (command, args) => (await run('ip', inside(command, args))).stdout,
  }
}

/** @param address of the server on the bridge, with prefix length: `10.77.0.1/16` */
export async function openLab(address: string): Promise<Lab> {
  await removeStaleLabs()
  const namespace = `${PREFIX}${process.pid}`
  const inside = (...args: string[]) => ip('-n', namespace, ...args)
  const hosts: string[] = []
  let taps = 0

  await ip('netns', 'add', namespace)
  try {
    await inside('link', 'set', 'lo', 'up')
    // No spanning tree, no forward delay: a port forwards at once, as on a switch with portfast.
    await inside('link', 'add', 'br0', 'type', 'bridge', 'stp_state', '0', 'forward_delay', '0')
    await inside('address', 'add', address, 'dev', 'br0')
    await inside('link', 'set', 'br0', 'up')
  } catch (error) {
    await ip('netns', 'delete', namespace)
    throw error
  }

  return {
    ...hostIn(namespace),
    serverAddress: address.split('/')[0] ?? address,
    async addTap() {
      const name = `tap${taps++}`
      await inside('tuntap', 'add', name, 'mode', 'tap')
      await inside('link', 'set', name, 'master', 'br0')
      await inside('link', 'set', name, 'up')
      return name
    },
    async addHost(name, hostAddress) {
      const host = `${namespace}-${name}`
      const port = `${name}0`
      await ip('netns', 'add', host)
      hosts.push(host)
      await inside('link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', host)
      await inside('link', 'set', port, 'master', 'br0', 'up')
      await ip('-n', host, 'address', 'add', hostAddress, 'dev', 'eth0')
      await ip('-n', host, 'link', 'set', 'lo', 'up')
      await ip('-n', host, 'link', 'set', 'eth0', 'up')
      return hostIn(host)
    },
    async close() {
      for (const name of [...hosts, namespace]) await ip('netns', 'delete', name)
    },
  }
}
