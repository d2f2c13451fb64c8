/**
 * An editable view of a tree without copying it: overlayfs in a mount namespace of its own, so that whatever programs write
 * into files lands in a layer beside the tree. `applyLayer` then puts the layer's files in the place of the tree's, by
 * renames: files that other generations share are replaced and never written into.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, lchown, mkdir, readdir, readFile, rename, rmdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { lstatOrMissing } from '../liteimg/confined.ts'
import { joinBytes } from '../liteimg/tree-mark.ts'
import { runProgram } from './disk.ts'

export interface Layer {
  /** Holds `upper`, `work`, `merged` and the listing; on the file system of the tree. */
  readonly directory: string
  /** Names of the merged tree, latin1 bytes, without leading `./`. */
  readonly listing: string
}

/**
 * $1 directory all names are relative to (they may hold no character that mount options give a meaning), $2 the tree,
 * $3 the layer, then the command. The tree's own path shows the view as well: usual paths are right in the command.
 * Whole files are copied up, under their names: no feature of overlayfs that another kernel would have to know.
 */
const SCRIPT = `
cd "$1" || exit 125
tree=$2 layer=$3
shift 3
options=index=off,metacopy=off,redirect_dir=off,xino=off
mount -t overlay overlay -o "lowerdir=$tree,upperdir=$layer/upper,workdir=$layer/work,$options" "$layer/merged" || exit 125
mount --bind "$layer/merged" "$tree" || exit 125
: >"$layer/mounted"
top=$PWD
cd "$tree" || exit 125
"$@"
status=$?
cd "$top/$layer/merged" && find . -xdev -print0 >"$top/$layer/listing" || exit 125
exit "$status"
`

export interface LayerRun {
  /** Names below are relative to it. */
  readonly top: string
  /** As `2/rootimg`. */
  readonly tree: string
  /** As `.new-3/.layer`; is made. */
  readonly layer: string
  /** Program and arguments; its standard streams are this process's. */
  readonly command: readonly string[]
  readonly lockFd: number | undefined
}

/** @returns status of the command; undefined: such a view cannot be made here, and the command was not run */
export async function runInLayer(
  run: LayerRun,
): Promise<{ readonly status: number; readonly layer: Layer } | undefined> {
  const directory = join(run.top, run.layer)
  for (const name of ['upper', 'work', 'merged']) await mkdir(join(directory, name), { recursive: true })
  const status = await runHere(
    [
      'unshare',
      '--mount',
      '--propagation',
      'private',
      '--',
      'sh',
      '-c',
      SCRIPT,
      'sh',
      run.top,
      run.tree,
      run.layer,
      ...run.command,
    ],
    run.lockFd,
  )
  if (!existsSync(join(directory, 'mounted'))) return undefined
  const listing = join(directory, 'listing')
  return { status: existsSync(listing) ? status : status || 125, layer: { directory, listing } }
}

/** Runs a program at this process's terminal. An interrupt is for the program, and this process waits for its end. */
export async function runHere(
  words: readonly string[],
  lockFd: number | undefined,
  directory?: string,
): Promise<number> {
  const [program = '', ...args] = words
  const stay = () => undefined
  process.on('SIGINT', stay)
  try {
    return await new Promise((resolve) => {
      const child = spawn(program, args, {
        stdio: ['inherit', 'inherit', 'inherit', ...(lockFd === undefined ? [] : [lockFd])],
        ...(directory === undefined ? {} : { cwd: directory }),
      })
      child.on('error', (error) => {
        process.stderr.write(`${program}: ${error.message}\n`)
        resolve(127)
      })
      child.on('close', (status) => resolve(status ?? 128))
    })
  } finally {
    process.off('SIGINT', stay)
  }
}

/** Nothing was written, changed or removed. */
export async function isEmptyLayer({ directory }: Layer): Promise<boolean> {
  return (await readdir(join(directory, 'upper'))).length === 0
}

/** Makes `target`, a tree like the one below the layer, what the layer showed. The layer is used up. */
export async function applyLayer(layer: Layer, target: string): Promise<void> {
  const shown = new Set((await readFile(layer.listing, 'latin1')).split('\0').map((name) => name.replace(/^\.\//, '')))
  const upper = join(layer.directory, 'upper')

  async function apply(rel: string): Promise<void> {
    const [from, to] = [placeOf(upper, rel), placeOf(target, rel)]
    const before = await lstatOrMissing(from)
    if (before === undefined) return
    for (const name of await readdir(to, { encoding: 'buffer' }))
      if (!shown.has(below(rel, name))) await removeAll(joinBytes(to, name))
    for (const name of await readdir(from, { encoding: 'buffer' })) {
      const [changed, old] = [joinBytes(from, name), joinBytes(to, name)]
      const stat = await lstatOrMissing(changed)
      // Character device 0/0: "removed" (overlayfs). What it removed is not in the listing.
      if (stat === undefined || (stat.isCharacterDevice() && stat.rdev === 0n)) continue
      const oldStat = await lstatOrMissing(old)
      if (stat.isDirectory() && oldStat?.isDirectory()) await apply(below(rel, name))
      else {
        if (oldStat !== undefined && (stat.isDirectory() || oldStat.isDirectory())) await removeAll(old)
        await rename(changed, old)
      }
    }
    await lchown(to, Number(before.uid), Number(before.gid))
    await chmod(to, Number(before.mode & 0o7777n))
    await setModified(to, before.mtimeNs)
  }
  await apply('')
}

function below(rel: string, name: Buffer): string {
  return rel === '' ? name.toString('latin1') : `${rel}/${name.toString('latin1')}`
}

function placeOf(root: string, rel: string): Buffer {
  return rel === '' ? Buffer.from(root) : joinBytes(Buffer.from(root), Buffer.from(rel, 'latin1'))
}

async function removeAll(path: Buffer): Promise<void> {
  const stat = await lstatOrMissing(path)
  if (stat === undefined) return
  if (!stat.isDirectory()) return await unlink(path)
  for (const name of await readdir(path, { encoding: 'buffer' })) await removeAll(joinBytes(path, name))
  await rmdir(path)
}

/** Nanoseconds, which Node's utimes has not. */
async function setModified(path: Buffer, mtimeNs: bigint): Promise<void> {
  if ((await lstatOrMissing(path))?.mtimeNs === mtimeNs) return
  const when = `@${mtimeNs / 1_000_000_000n}.${String(mtimeNs % 1_000_000_000n).padStart(9, '0')}`
  // Names that are no UTF-8 cannot be arguments of spawn; such directories keep the new time.
  const text = path.toString('utf8')
  if (Buffer.from(text).equals(path)) await runProgram(['touch', '-c', '-m', '-d', when, '--', text], undefined)
}
