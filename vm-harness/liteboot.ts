/** Runs liteboot itself as its users do: its commands, and the server inside a host. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import type { Host } from './lab.ts'

export const LITEBOOT = join(import.meta.dirname, '..', 'bin', 'liteboot')

export interface CommandOutcome {
  readonly stdout: string
  readonly stderr: string
  readonly status: number
}

/** Runs `liteboot <args>`. @param state the state directory the command works on */
export function liteboot(state: string, args: readonly string[], input?: string): Promise<CommandOutcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(LITEBOOT, args, {
      env: { ...process.env, LITEBOOT_STATE: state },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString()
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ stdout, stderr, status: code ?? 1 }))
    child.stdin.end(input)
  })
}

export interface RunningServer {
  readonly pid: number
  /** The way a crash looks: no warning, no clean-up. */
  kill9(): Promise<void>
  close(): Promise<void>
}

function exitOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => child.once('exit', () => resolve()))
}

function ping(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request({ socketPath, path: '/v1/server.ping', method: 'POST', timeout: 1000 }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode === 200))
    })
    call.on('error', () => resolve(false))
    call.on('timeout', () => call.destroy())
    call.setHeader('content-type', 'application/json')
    call.end('{}')
  })
}

/** Starts `liteboot serve` on the host and waits until it answers. */
export async function startServer(
  host: Host,
  state: string,
  logFile: string,
  args: readonly string[] = [],
): Promise<RunningServer> {
  const socket = join(state, 'api.sock')
  const log = openSync(logFile, 'a')
  const child = host.spawn(LITEBOOT, ['serve', ...args], {
    env: { ...process.env, LITEBOOT_STATE: state },
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  const deadline = Date.now() + 30_000
  while (!(await ping(socket))) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`the server did not start:\n${readFileSync(logFile, 'utf8').slice(-2000)}`)
    }
    if (Date.now() > deadline) {
      child.kill('SIGKILL')
      throw new Error(`the server did not answer within 30 s; its log is ${logFile}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return {
    pid: child.pid ?? 0,
    async kill9() {
      child.kill('SIGKILL')
      await exitOf(child)
    },
    async close() {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
      await exitOf(child)
      clearTimeout(timer)
    },
  }
}

/** Runs the clean-ups in reverse order, also at Ctrl-C and SIGTERM; a failing one does not stop the others. */
export class CleanUps {
  readonly #steps: (() => Promise<unknown> | unknown)[] = []
  #running: Promise<void> | undefined

  constructor() {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      // Not once: a second signal must not end the process in the middle of its clean-up.
      process.on(signal, () => {
        this.run().finally(() => {
          process.exitCode = 130
          process.exit()
        })
      })
    }
  }

  add(step: () => Promise<unknown> | unknown): void {
    this.#steps.push(step)
  }

  run(): Promise<void> {
    this.#running ??= (async () => {
      for (const step of this.#steps.reverse()) {
        try {
          await step()
        } catch (error) {
          process.stderr.write(`clean-up: ${error instanceof Error ? error.message : String(error)}\n`)
        }
      }
    })()
    return this.#running
  }
}
