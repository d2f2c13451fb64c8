/** An ISO 9660 image, read by bsdtar (libarchive): no mount, no privilege, Rock Ridge and Joliet. */
import { spawn } from 'node:child_process'
import { setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { ImageError } from '../image-error.ts'
import {
  type CopyOptions,
  isDescription,
  MAX_DESCRIPTION_BYTES,
  MAX_ENTRIES,
  type MediumEntry,
  type MediumSource,
  namesIn,
} from './source.ts'

const NICENESS = 10
const KEPT_LINES = 10

interface IsoEntry extends MediumEntry {
  /** Two names of one file: its content stands under the first one. */
  readonly contentOf?: string
}

export async function openIsoSource(iso: string): Promise<MediumSource> {
  const entries = await listIso(iso)
  const texts = new Map<string, string>()
  for (const { path, kind, sizeBytes, contentOf } of entries)
    if (kind === 'file' && isDescription(path) && sizeBytes <= MAX_DESCRIPTION_BYTES)
      texts.set(path, await readText(iso, contentOf ?? path))
  return {
    entries,
    read: (path) => texts.get(path),
    names: (directory) => namesIn(entries, directory),
    copyTo: (directory, options) => extractIso(iso, entries, directory, options),
  }
}

/** `-rw-r--r--  1 0 0 5242880 Nov 22 20:06 name`; names have what is not printable escaped. */
const LINE = /^([-dlbcps])\S{9,10}\s+(\d+)\s+\S+\s+\S+\s+(\d+|\d+,\s*\d+)\s+\S+\s+\S+\s+\S+ (.*)$/

async function listIso(iso: string): Promise<readonly IsoEntry[]> {
  const run = startBsdtar(['-tvf', iso])
  const byPath = new Map<string, IsoEntry>()
  for await (const line of createInterface({ input: run.stdout })) {
    const [, type = '', links = '', size = '', written = ''] = LINE.exec(line) ?? []
    if (written === '' || written === '.') continue
    if (byPath.size >= MAX_ENTRIES) {
      run.stop()
      throw new ImageError('image-medium', `${iso} has more than ${MAX_ENTRIES} files`)
    }
    const entry = readEntry(type, Number(links), Number(size), written, byPath)
    byPath.set(entry.path, entry)
  }
  const { status, lines } = await run.ended
  if (status !== 0) throw new ImageError('image-medium', `${iso} cannot be read as a medium: ${lines.join('; ')}`)
  return [...byPath.values()]
}

function readEntry(
  type: string,
  links: number,
  size: number,
  written: string,
  known: ReadonlyMap<string, IsoEntry>,
): IsoEntry {
  if (type === 'l') return { path: unescapeName(written.replace(/ -> .*$/s, '')), kind: 'symlink', sizeBytes: 0 }
  if (type === 'd') return { path: unescapeName(written), kind: 'directory', sizeBytes: 0 }
  if (type !== '-') return { path: unescapeName(written), kind: 'other', sizeBytes: 0 }
  const [, name = '', first = ''] = (links > 1 && /^(.*) link to (.*)$/s.exec(written)) || []
  const target = known.get(unescapeName(first))
  if (name !== '' && target !== undefined)
    return { path: unescapeName(name), kind: 'file', sizeBytes: target.sizeBytes, contentOf: target.path }
  return { path: unescapeName(written), kind: 'file', sizeBytes: size }
}

const ESCAPED: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

/** `\n`, `\\`, `\303`: bytes as bsdtar shows them. */
function unescapeName(written: string): string {
  if (!written.includes('\\')) return written
  return written.replace(/\\([0-7]{3}|.)/gs, (_whole, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8)) : (ESCAPED[code] ?? code),
  )
}

/** A path as a pattern that matches nothing else. */
function literal(path: string): string {
  return path.replace(/[\\*?[\]]/g, '\\$&')
}

async function readText(iso: string, path: string): Promise<string> {
  const run = startBsdtar(['-xOf', iso, '--', literal(path)])
  const chunks: Buffer[] = []
  let left = MAX_DESCRIPTION_BYTES
  for await (const chunk of run.stdout as AsyncIterable<Buffer>) {
    left -= chunk.length
    if (left >= 0) chunks.push(chunk)
  }
  await run.ended
  return Buffer.concat(chunks).toString('utf8')
}

/**
 * bsdtar refuses absolute names, `..`, and anything below a link it has made; owners are the caller's. What it leaves
 * behind is looked at afterwards (tidy.ts).
 */
async function extractIso(
  iso: string,
  entries: readonly MediumEntry[],
  directory: string,
  { onBytes, signal, lockFd }: CopyOptions,
): Promise<void> {
  const sizes = new Map(entries.map(({ path, sizeBytes }) => [path, sizeBytes]))
  let copied = 0
  const isProgress = (line: string) => {
    const size = line.startsWith('x ') ? sizes.get(unescapeName(line.slice(2))) : undefined
    if (size === undefined) return line === 'x .'
    copied += size
    onBytes(copied)
    return true
  }
  const args = ['-xvf', iso, '-C', directory, '--no-same-owner', '--no-same-permissions']
  const run = startBsdtar(args, { isProgress, lockFd, ...(signal === undefined ? {} : { signal }) })
  run.stdout.resume()
  const { status, lines } = await run.ended
  if (signal?.aborted) throw new ImageError('image-medium', 'Media copy operation was interrupted')
  if (status !== 0) throw new ImageError('image-medium', [`Media copy operation failed, status ${status}`, ...lines])
}

interface Run {
  readonly stdout: Readable
  readonly ended: Promise<{ readonly status: number; readonly lines: readonly string[] }>
  stop(): void
}

interface RunOptions {
  /** Lines of standard error that are no complaints. */
  readonly isProgress?: (line: string) => boolean
  readonly lockFd?: number
  readonly signal?: AbortSignal
}

function startBsdtar(args: readonly string[], { isProgress, lockFd, signal }: RunOptions = {}): Run {
  // Dies with this process, however that ends: an orphan would go on writing below a directory that is cleared.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'bsdtar', ...args], {
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
    stdio: ['ignore', 'pipe', 'pipe', lockFd ?? 'ignore'],
    ...(signal === undefined ? {} : { signal, killSignal: 'SIGKILL' }),
  })
  const lines: string[] = []
  const [stdout, stderr] = [child.stdout, child.stderr]
  if (!stdout || !stderr) throw new Error('pipes were asked for')
  createInterface({ input: stderr }).on('line', (line) => {
    if (isProgress?.(line)) return
    if (lines.push(line) > KEPT_LINES) lines.shift()
  })
  const ended = new Promise<{ status: number; lines: readonly string[] }>((resolve) => {
    child.once('error', (error) => {
      if (!signal?.aborted) lines.push(`setpriv cannot be started (${error.message}): install util-linux`)
    })
    child.once('close', (code, killedBy) => {
      // setpriv says so when there is no bsdtar.
      if (code === 127) lines.push('install libarchive-tools, which has bsdtar')
      resolve({ status: code ?? (killedBy === null ? 127 : 137), lines })
    })
  })
  if (child.pid !== undefined) lowerPriority(child.pid)
  return { stdout, ended, stop: () => child.kill('SIGKILL') }
}

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, NICENESS)
  } catch {
    // It has ended already.
  }
}
