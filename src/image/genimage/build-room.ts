/**
 * Where a build runs: mount, process, IPC and host name spaces of its own, held open by one sleeping process.
 *
 * The sleeper waits for the end of its input, which is a pipe from us. When we end, however we end, it ends; it is
 * process 1 of its name space, so the kernel then kills everything that runs there, and with the last process all mounts
 * are gone. There is nothing to clean up after kill -9. The programs inherit the lock of DEST: it is free when they are.
 */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { ImageError } from '../image-error.ts'
import type { BuildLog } from './build-log.ts'
import { APT_STATUS_FD, isStatusLine, parseProgress } from './progress.ts'
import type { OnProgress } from './request.ts'
import { renderWords } from './shell-words.ts'
import type { CommandStep } from './steps.ts'

/** A terminal cannot show more, and the line goes over a socket. */
const PROGRESS_EVERY_MS = 200
/** Kept of one command's output, to be looked through for warnings and counts. */
const MOST_LINES = 20_000

export interface BuildRoom {
  /** @throws ImageError image-build with the last lines of what the program said; image-tool when it cannot be started */
  run(step: CommandStep): Promise<{ readonly status: number; readonly lines: readonly string[] }>
  /** Ends all that runs here; the mounts are gone when it returns. */
  close(): Promise<void>
}

export interface BuildRoomOptions {
  readonly lockFd: number | undefined
  readonly log: BuildLog
  readonly environment: Readonly<Record<string, string>>
  readonly onProgress: OnProgress
}

export async function openBuildRoom(options: BuildRoomOptions): Promise<BuildRoom> {
  const sleeper = await startSleeper(options.lockFd)
  const holder = `/proc/${sleeper.pid}/ns`
  const enter = ['mnt', 'uts', 'ipc'].map((name) => `--${name === 'mnt' ? 'mount' : name}=${holder}/${name}`)
  return {
    run: (step) => runStep(step, ['nsenter', ...enter, `--pid=${holder}/pid_for_children`, '--'], options),
    close: async () => {
      if (sleeper.exitCode !== null || sleeper.signalCode !== null) return
      const ended = new Promise<void>((resolve) => sleeper.once('exit', () => resolve()))
      // --kill-child: process 1 of the room goes with it, and everything else with that.
      sleeper.kill('SIGKILL')
      await ended
    },
  }
}

async function startSleeper(lockFd: number | undefined): Promise<ChildProcess> {
  const stdio: StdioOptions = ['pipe', 'pipe', 'pipe', ...(lockFd === undefined ? [] : [lockFd])]
  const spaces = ['--mount', '--propagation', 'private', '--uts', '--ipc', '--pid', '--fork', '--kill-child']
  const sleeper = spawn('unshare', [...spaces, '--mount-proc', 'sh', '-c', 'echo ready; exec cat > /dev/null'], {
    stdio,
  })
  await new Promise<void>((resolve, reject) => {
    let complaint = ''
    sleeper.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint += text
    })
    sleeper.stdout?.once('data', () => resolve())
    sleeper.once('error', (error) =>
      reject(new ImageError('image-tool', `unshare cannot be started (${error.message}): install util-linux`)),
    )
    sleeper.once('close', (status) =>
      reject(new ImageError('image-tool', `no room for the build: unshare: ${complaint.trim() || `status ${status}`}`)),
    )
  })
  // A pipe that nobody reads any more must not end us.
  sleeper.stdin?.on('error', () => undefined)
  return sleeper
}

async function runStep(step: CommandStep, enter: readonly string[], options: BuildRoomOptions) {
  const { log, onProgress, lockFd } = options
  log.write(`$ ${renderWords(step.words, step.environment)}`)
  log.mark()
  // Packages make directories that they do not own: never with the umask of whoever started us.
  const start = `umask 022; exec "$@" ${APT_STATUS_FD}>&2`
  const [program = '', ...args] = [...enter, 'sh', '-c', start, 'run', ...step.words]
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe', ...(lockFd === undefined ? [] : [lockFd])],
    env: { ...options.environment, ...step.environment },
    cwd: '/',
  })
  let shownAt = 0
  const lines: string[] = []
  const onLine = (raw: string) => {
    // Bars that are drawn over themselves: the last state counts.
    const line = raw.split('\r').at(-1) ?? ''
    const progress = step.counts === undefined ? undefined : parseProgress(step.counts, line)
    if (!isStatusLine(step.counts, line)) {
      log.write(line)
      if (lines.length < MOST_LINES) lines.push(line)
    }
    if (progress === undefined || Date.now() - shownAt < PROGRESS_EVERY_MS) return
    shownAt = Date.now()
    onProgress(`${step.what}: ${progress}`)
  }
  for (const stream of [child.stdout, child.stderr])
    if (stream) createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', onLine)
  const status = await new Promise<number>((resolve, reject) => {
    child.once('error', (error) =>
      reject(new ImageError('image-tool', `${program} cannot be started: ${error.message}`)),
    )
    // A daemon that a package started holds the pipes open: what counts is that the program ended.
    child.once('exit', (code, signal) => {
      const finish = () => resolve(code ?? (signal === null ? 1 : 128))
      const grace = setTimeout(finish, 2000)
      child.once('close', () => {
        clearTimeout(grace)
        finish()
      })
    })
  })
  if (status === 0 || (step.accepts !== undefined && status in step.accepts)) return { status, lines }
  log.write(`# ended with status ${status}`)
  throw new ImageError('image-build', [
    `${step.what}: ${step.words[0]} ended with status ${status}`,
    ...log.tail().filter((line) => !line.startsWith('# ')),
  ])
}
