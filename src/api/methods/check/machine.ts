/** The machine as checks see it. Nothing here may hang: a server of a mounted directory may be dead. */
import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { readFile, statfs } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'

export const CHECK_LIMITS = {
  /** A file server that needs longer for one question is as good as dead for a boot. */
  remoteMs: 3000,
  /** All questions about one image or directory: reading and unpacking an initrd of 100 MB takes some two seconds. */
  subjectMs: 60_000,
} as const

export interface FileSystemRoom {
  readonly type: string
  readonly freeBytes: number
  readonly totalBytes: number
  readonly freeInodes: number
  /** 0: the file system does not count them. */
  readonly totalInodes: number
}

export interface Machine {
  addresses(): readonly { readonly name: string; readonly address: string }[]
  isReadable(path: string): boolean
  /** false: a file server should answer for the path, and does not. To be asked before anything else about a path. */
  answers(path: string): Promise<boolean>
  /** Space on the file system that holds the path, which exists. */
  room(path: string): Promise<FileSystemRoom>
  /** Ports that some program listens on. */
  listening(protocol: 'tcp' | 'udp'): Promise<ReadonlySet<number>>
}

export const THIS_MACHINE: Machine = {
  addresses: () =>
    Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
      (addresses ?? [])
        .filter((entry) => entry.family === 'IPv4' && !entry.internal)
        .map(({ address }) => ({ name, address })),
    ),
  isReadable(path) {
    try {
      accessSync(path, constants.R_OK)
      return true
    } catch {
      return false
    }
  },
  async answers(path) {
    const type = mountTypeOf(path, await readFile('/proc/self/mountinfo', 'utf8'))
    // A thread that asks a dead server never comes back; a child that does can be left behind.
    return !REMOTE.test(type) || (await childReturns(path))
  },
  async room(path) {
    const type = mountTypeOf(path, await readFile('/proc/self/mountinfo', 'utf8'))
    const { bavail, blocks, bsize, ffree, files } = await statfs(path)
    return { type, freeBytes: bavail * bsize, totalBytes: blocks * bsize, freeInodes: ffree, totalInodes: files }
  },
  async listening(protocol) {
    const ports = new Set<number>()
    for (const name of [protocol, `${protocol}6`]) {
      const text = await readFile(`/proc/net/${name}`, 'utf8').catch(() => '')
      for (const port of listeningPorts(text, protocol)) ports.add(port)
    }
    return ports
  },
}

const REMOTE = /^(nfs|cifs|smb|ceph|glusterfs|lustre|gpfs|9p|afs|beegfs|fuse)/

/** proc(5): field 5 is the mount point with octal escapes, the type stands first behind ` - `. The last mount on a point counts. */
export function mountTypeOf(path: string, mountinfo: string): string {
  let best = { length: -1, type: '' }
  for (const line of mountinfo.split('\n')) {
    const point = (line.split(' ')[4] ?? '').replace(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    )
    const isAbove = point === '/' || path === point || path.startsWith(`${point}/`)
    if (point === '' || !isAbove || point.length < best.length) continue
    best = { length: point.length, type: line.split(' - ')[1]?.split(' ')[0] ?? '' }
  }
  return best.type
}

/** proc_net(5): local address and state; 0A is LISTEN, UDP sockets have 07. */
export function listeningPorts(text: string, protocol: 'tcp' | 'udp'): number[] {
  return text.split('\n').flatMap((line) => {
    const [, , local = '', , state = ''] = line.split(/\s+/)
    const port = Number.parseInt(local.split(':')[1] ?? '', 16)
    return Number.isNaN(port) || state !== (protocol === 'tcp' ? '0A' : '07') ? [] : [port]
  })
}

function childReturns(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn('stat', ['-f', '--', path], { stdio: 'ignore' })
    const done = (answer: boolean) => {
      clearTimeout(timer)
      child.unref()
      resolve(answer)
    }
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      done(false)
    }, CHECK_LIMITS.remoteMs)
    child.once('error', () => done(true))
    child.once('exit', () => done(true))
  })
}

/** The answer, or undefined when it takes longer. */
export async function within<T>(limitMs: number, work: Promise<T>): Promise<{ readonly value: T } | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), limitMs)
  })
  try {
    return await Promise.race([work.then((value) => ({ value })), late])
  } finally {
    clearTimeout(timer)
  }
}
