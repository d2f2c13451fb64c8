/** Namespaces, a server in one of them, and clients: what the tests of DHCP over real sockets share. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import anyTest, { type TestFn } from 'ava'

export const run = promisify(execFile)
export const ROOT = join(import.meta.dirname, '..')
export const FIXTURE = join(ROOT, 'test', 'dhcp', 'serve-fixture.ts')
export const PROBE = join(ROOT, 'test', 'dhcp', 'probe-fixture.ts')
export const NODE = join(ROOT, 'node_modules', '.bin', 'node')

export interface Lab {
  readonly directory: string
  /** Namespaces: server, client on the server's wire, relay, client behind the relay. */
  readonly server: string
  readonly client: string
  readonly relay: string
  readonly far: string
  readonly children: ChildProcess[]
}

export const test = anyTest as TestFn<Lab>

/** `test.serial` where root and the programs are there, `test.skip` with their names in the title where not. */
export function needs(title: string, ...programs: string[]) {
  const missing = programs.filter((program) => !exists(program))
  if (process.getuid?.() !== 0) missing.unshift('root')
  return missing.length === 0
    ? { title, declare: test.serial }
    : { title: `${title} (needs ${missing.join(', ')})`, declare: test.serial.skip }
}

export function exists(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { env: { ...process.env, PATH: PATHS }, stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

export const PATHS = `${process.env.PATH}:/usr/sbin:/sbin`
export const env = { ...process.env, PATH: PATHS }

/** server s0 10.77.0.1 — c0 client; server r0 10.77.1.1 — u0 10.77.1.2 relay d0 10.77.2.1 — f0 far client. */
export function openLab(): Lab {
  const id = Math.random().toString(36).slice(2, 8)
  const name = (role: string) => `lbd-${id}-${role}`
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-dhcp-'))
  const lab = {
    directory,
    server: name('s'),
    client: name('c'),
    relay: name('r'),
    far: name('f'),
    children: [],
  }
  try {
    for (const space of [lab.server, lab.client, lab.relay, lab.far]) {
      ip('netns', 'add', space)
      ip('-n', space, 'link', 'set', 'lo', 'up')
    }
    wire(lab.server, 's0', lab.client, 'c0')
    wire(lab.server, 'r0', lab.relay, 'u0')
    wire(lab.relay, 'd0', lab.far, 'f0')
    ip('-n', lab.server, 'addr', 'add', '10.77.0.1/24', 'dev', 's0')
    ip('-n', lab.server, 'addr', 'add', '10.77.1.1/24', 'dev', 'r0')
    ip('-n', lab.server, 'route', 'add', '10.77.2.0/24', 'via', '10.77.1.2')
    ip('-n', lab.relay, 'addr', 'add', '10.77.1.2/24', 'dev', 'u0')
    ip('-n', lab.relay, 'addr', 'add', '10.77.2.1/24', 'dev', 'd0')
    execFileSync('ip', ['netns', 'exec', lab.relay, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward'], { env })
  } catch (error) {
    closeLab(lab)
    throw error
  }
  return lab
}

export function ip(...words: string[]): void {
  execFileSync('ip', words, { env, stdio: 'pipe' })
}

export function wire(spaceA: string, linkA: string, spaceB: string, linkB: string): void {
  ip('-n', spaceA, 'link', 'add', linkA, 'type', 'veth', 'peer', 'name', linkB, 'netns', spaceB)
  ip('-n', spaceA, 'link', 'set', linkA, 'up')
  ip('-n', spaceB, 'link', 'set', linkB, 'up')
}

export function closeLab(lab: Lab): void {
  for (const child of lab.children) child.kill('SIGKILL')
  for (const space of [lab.server, lab.client, lab.relay, lab.far]) {
    try {
      ip('netns', 'del', space)
    } catch {
      // It was never made; the others still have to go.
    }
  }
  rmSync(lab.directory, { recursive: true, force: true })
}

export interface Line {
  readonly event?: string
  readonly ready?: boolean
  readonly warn?: string
  readonly detail?: string
  readonly node?: string
  readonly leases?: readonly { readonly ip: string; readonly client: string; readonly state: string }[]
  readonly counters?: { readonly byMessage: Readonly<Record<string, number>> }
}

export interface Server {
  readonly lines: Line[]
  stop(): Promise<Line | undefined>
}

/** Opens UDP sockets bound to devices as systemd does, then becomes the server: descriptors 3, 4, … */
const BIND_TO_DEVICE = `
import os, socket, sys
for fd, device in enumerate(sys.argv[1].split(','), 3):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
    s.bind(('0.0.0.0', 67))
    if s.fileno() != fd: os.dup2(s.fileno(), fd)
    os.set_inheritable(fd, True)
    s.detach()
os.execvp(sys.argv[2], sys.argv[2:])
`

export async function startServer(lab: Lab, options: object, devices: readonly string[] = []): Promise<Server> {
  const leasesFile = join(lab.directory, 'leases')
  const passedSockets = devices.map((interfaceName, index) => ({ fd: 3 + index, interfaceName }))
  const passing = devices.length > 0 ? ['python3', '-c', BIND_TO_DEVICE, devices.join(',')] : []
  const settings = JSON.stringify({ leasesFile, passedSockets, ...options })
  const child = spawn('ip', ['netns', 'exec', lab.server, ...passing, NODE, FIXTURE, settings], { env })
  lab.children.push(child)
  const lines: Line[] = []
  let text = ''
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      text += chunk
      const whole = text.split('\n')
      text = whole.pop() ?? ''
      for (const line of whole) {
        const parsed = JSON.parse(line) as Line
        lines.push(parsed)
        if (parsed.ready) resolve()
      }
    })
    child.once('exit', (code) => reject(new Error(`server ended with ${code}: ${errors}`)))
  })
  await ready
  return {
    lines,
    stop: async () => {
      const ended = new Promise((resolve) => child.once('close', resolve))
      child.kill('SIGTERM')
      await ended
      return lines.find(({ counters }) => counters !== undefined)
    },
  }
}

/** One lease by udhcpc, the variables its script was given; undefined when it gave up. */
export async function udhcpc(lab: Lab, space: string, link: string, ...words: string[]) {
  const script = join(lab.directory, 'udhcpc.sh')
  const out = join(lab.directory, `udhcpc-${link}.env`)
  writeFileSync(script, `#!/bin/sh\n[ "$1" = bound ] || exit 0\nenv > ${out}\n`)
  chmodSync(script, 0o755)
  rmSync(out, { force: true })
  const command = ['netns', 'exec', space, 'busybox', 'udhcpc', '-i', link, '-n', '-q', '-f', '-t', '3', '-T', '1']
  try {
    await run('ip', [...command, '-s', script, ...words], { env })
  } catch {
    return undefined
  }
  return variablesOf(readFileSync(out, 'utf8'))
}

export function variablesOf(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(text.split('\n').map((line) => line.split(/=(.*)/s).slice(0, 2)))
}

/** Each test in namespaces of its own. */
export function inLabs(): void {
  if (process.getuid?.() === 0 && exists('ip')) {
    test.beforeEach((t) => {
      t.context = openLab()
    })
    test.afterEach.always((t) => {
      if (t.context.directory) closeLab(t.context)
    })
  }
}
