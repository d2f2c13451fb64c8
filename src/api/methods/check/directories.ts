/** The directories that this server has to hand out: whether they are there, and whether there is room for what nodes keep. */
import { access, constants, readdir, realpath, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CHECK_LIMITS, type Machine, within } from './machine.ts'
import type { NeededDirectory } from './nodes.ts'
import type { CheckReport } from './report.ts'

export const SPACE_LIMITS = {
  /** A node writes its logs there: less than this fills up within days. */
  leastBytes: 100 * 1024 * 1024,
  leastShare: 0.02,
  leastInodes: 1000,
} as const

export async function checkDirectories(
  directories: Iterable<NeededDirectory>,
  rootTrees: ReadonlySet<string>,
  machine: Machine,
  report: CheckReport,
): Promise<void> {
  const all = [...directories]
  noteOthers(all, report)
  const own = all.filter(({ isOwn }) => isOwn)
  const trees = own.filter(({ access, path }) => access === 'ro' && !rootTrees.has(path))
  for (const { path, node } of trees) await checked(path, report, () => checkTree(path, node, machine, report))
  const areas = Map.groupBy(
    own.filter(({ access }) => access === 'rw'),
    ({ path }) => dirname(path),
  )
  for (const [area, needed] of areas) await checked(area, report, () => checkArea(area, needed, machine, report))
}

async function checked(path: string, report: CheckReport, check: () => Promise<void>): Promise<void> {
  const late = (why: string) =>
    report.add('error', 'directory-silent', `directory ${path}`, why, 'check the file server that holds it')
  try {
    const done = await within(CHECK_LIMITS.subjectMs, check())
    if (done === undefined) late(`does not answer within ${CHECK_LIMITS.subjectMs / 1000} seconds`)
  } catch (error) {
    late((error as Error).message)
  }
}

function noteOthers(all: readonly NeededDirectory[], report: CheckReport): void {
  const servers = Map.groupBy(
    all.filter(({ isOwn }) => !isOwn),
    ({ server }) => server,
  )
  for (const [server, needed] of servers) {
    const of = (access: 'ro' | 'rw') =>
      new Set(needed.filter((each) => each.access === access).map(({ path }) => path)).size
    const parts = [
      ...(of('ro') > 0 ? [`${of('ro')} to be read`] : []),
      ...(of('rw') > 0 ? [`${of('rw')} to be written`] : []),
    ]
    report.add(
      'info',
      'other-exports',
      `server ${server}`,
      `must export directories: ${parts.join(', ')}; they are not checked from here`,
      'liteboot exports prints them',
    )
  }
}

/** null: nothing there. */
async function kindOf(path: string): Promise<'directory' | 'other' | null> {
  try {
    return (await stat(path)).isDirectory() ? 'directory' : 'other'
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null
    throw error
  }
}

async function checkTree(path: string, node: string, machine: Machine, report: CheckReport): Promise<void> {
  if (!(await machine.answers(path))) return silent(path, report)
  const kind = await kindOf(path)
  if (kind === 'directory') return
  const why = kind === null ? 'does not exist' : 'is not a directory'
  report.add(
    'warning',
    'no-tree',
    `directory ${path}`,
    `${why}: litetree of ${node}`,
    'make it, or correct the litetree row',
  )
}

async function checkArea(
  area: string,
  needed: readonly NeededDirectory[],
  machine: Machine,
  report: CheckReport,
): Promise<void> {
  const where = `persistent directory ${area}`
  const say = (severity: 'error' | 'warning', code: string, message: string, remedy: string) =>
    report.add(severity, code, where, message, remedy)
  if (!(await machine.answers(area))) return silent(area, report)
  const above = await nearestExisting(area)
  const room = await machine.room(above)
  const kind = await kindOf(above)
  if (kind !== 'directory')
    return say('error', 'bad-directory', `${above} is not a directory`, 'correct statelite.statemnt, or move it away')
  if (room.type === 'tmpfs' || room.type === 'ramfs')
    say(
      'warning',
      'volatile',
      `lies in memory (${room.type}): it is lost when the server restarts`,
      'use a directory on a disk',
    )
  if (room.freeBytes < Math.max(SPACE_LIMITS.leastBytes, room.totalBytes * SPACE_LIMITS.leastShare))
    say('warning', 'no-space', `${megabytes(room.freeBytes)} of ${megabytes(room.totalBytes)} free`, 'make room')
  if (room.totalInodes > 0 && room.freeInodes < SPACE_LIMITS.leastInodes)
    say('warning', 'no-inodes', `${room.freeInodes} of ${room.totalInodes} inodes free`, 'remove small files')
  const fault = await writeFault(above)
  if (fault !== undefined) say('error', 'not-writable', `${above} cannot be written: ${fault}`, 'mount it read-write')
  if (above !== area) return
  // One look for all nodes. A symbolic link would lead a node to another place: it is refused as well.
  const entries = await readdir(area, { withFileTypes: true })
  const bad = new Set(entries.filter((entry) => !entry.isDirectory()).map(({ name }) => join(area, name)))
  for (const { path, node } of needed)
    if (bad.has(path))
      report.add('error', 'bad-directory', where, `${path} is not a directory`, 'move it away', { name: node })
}

function silent(path: string, report: CheckReport): void {
  const message = `its file server does not answer within ${CHECK_LIMITS.remoteMs / 1000} seconds`
  report.add('error', 'directory-silent', `directory ${path}`, message, 'start it, or mount it again')
}

async function nearestExisting(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    if ((await kindOf(at)) !== null) return at === path ? at : await realpath(at)
    if (at === '/') return at
  }
}

/** access(2) says EROFS to root as well. */
async function writeFault(directory: string): Promise<string | undefined> {
  try {
    await access(directory, constants.W_OK)
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}

function megabytes(bytes: number): string {
  return bytes >= 1e10 ? `${(bytes / 1e9).toFixed(0)} GB` : `${(bytes / 1e6).toFixed(0)} MB`
}
