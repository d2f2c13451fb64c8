/** Runs a program without a shell, for a bounded time, and keeps a bounded part of what it prints. */
import { spawn } from 'node:child_process'

export interface Ran {
  /** Exit status; 128 + signal as a shell says it; 127 when it could not be started. */
  readonly status: number
  /** Standard output and error, in the order they came. */
  readonly output: string
  /** Why there is no exit status of its own. */
  readonly fault?: string
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly timeoutMs: number
  readonly outputBytes: number
}

const INHERITED_PIPES_MS = 500

export function runProgram(path: string, args: readonly string[], options: RunOptions): Promise<Ran> {
  return new Promise((resolve) => {
    // A process group of its own: at the deadline its children go with it.
    const child = spawn(path, args, { env: options.env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    const chunks: Buffer[] = []
    let left = options.outputBytes
    let late = false
    const timer = setTimeout(() => {
      late = true
      killGroup(child.pid)
    }, options.timeoutMs)
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        if (left > 0) chunks.push(chunk.subarray(0, left))
        left -= chunk.length
      })
    }
    let done = false
    const finish = (status: number, fault?: string) => {
      if (done) return
      done = true
      clearTimeout(timer)
      child.stdout.destroy()
      child.stderr.destroy()
      const output = Buffer.concat(chunks).toString('utf8')
      resolve({ status, output, ...(fault === undefined ? {} : { fault }) })
    }
    child.once('error', (error) => finish(127, `could not be started: ${error.message}`))
    child.once('exit', (code, signal) => {
      const end = () => {
        if (late) finish(137, `killed after ${options.timeoutMs / 1000} s`)
        else if (code === null) finish(128, `ended by ${signal}`)
        else finish(code)
      }
      child.once('close', end)
      // Whoever inherited the pipes (a background child) may keep them open for ever.
      setTimeout(end, INHERITED_PIPES_MS).unref()
    })
  })
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It ended a moment ago.
  }
}
