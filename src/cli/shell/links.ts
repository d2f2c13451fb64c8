/** Which links are to be made, and what stands in the way. Looks at files, and changes none. */
import { accessSync, constants, lstatSync, readlinkSync, realpathSync, statSync, unlinkSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { exists, orFileError } from './own-files.ts'
import { PROGRAM } from './program.ts'
import { allShortNames } from './short-names.ts'

export type LinkChange =
  | { readonly kind: 'make' | 'present'; readonly path: string }
  | { readonly kind: 'remove'; readonly path: string; readonly unlink: () => void }
  | { readonly kind: 'refuse'; readonly path: string; readonly why: string }

/** @throws OperatorError LB_FILE when there is no such directory */
export function planLinks(directory: string, names: readonly string[], { force }: { force: boolean }): LinkChange[] {
  orFileError(() => accessSync(directory, constants.W_OK | constants.X_OK))
  return names.map((name): LinkChange => {
    const path = join(directory, name)
    const what = lookAt(path)
    if (what === 'ours') return { kind: 'present', path }
    if (what === 'foreign') return { kind: 'refuse', path, why: `${path} is not liteboot's: left as it is` }
    if (what !== 'absent' && what !== 'stale' && !force)
      return { kind: 'refuse', path, why: `${path} is a link to another liteboot, ${what.target}: --force replaces it` }
    const rival = force ? undefined : findRival(name, directory)
    if (rival === undefined) return { kind: 'make', path }
    return {
      kind: 'refuse',
      path,
      why: `${name} is another program in PATH, ${rival}: no link is made without --force`,
    }
  })
}

/** Links to this liteboot, and those to one that is no longer there. */
export function planRemoval(directory: string): LinkChange[] {
  const names = ['liteboot', ...allShortNames()]
  const paths = names.map((name) => join(directory, name)).filter((path) => isLink(path))
  return paths.flatMap((path): LinkChange[] => {
    const what = lookAt(path)
    return what === 'ours' || what === 'stale' ? [{ kind: 'remove', path, unlink: () => unlinkSync(path) }] : []
  })
}

type Found = 'absent' | 'ours' | 'stale' | 'foreign' | { readonly target: string }

function lookAt(path: string): Found {
  if (!exists(path)) return 'absent'
  const real = realPath(path)
  if (real === realpathSync(PROGRAM)) return 'ours'
  if (!isLink(path)) return 'foreign'
  // A link of ours is called liteboot at its other end, wherever that was moved.
  const target = resolve(path, '..', readlinkSync(path))
  if (basename(target) !== 'liteboot') return 'foreign'
  return real === undefined ? 'stale' : { target }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}

/** A program of the name that is not ours, elsewhere in PATH: one of the two would never be called. */
function findRival(name: string, directory: string): string | undefined {
  const own = realpathSync(PROGRAM)
  for (const place of (process.env.PATH ?? '').split(':')) {
    if (place === '' || resolve(place) === directory) continue
    const path = join(place, name)
    if (isExecutable(path) && basename(realPath(path) ?? '') !== 'liteboot' && realPath(path) !== own) return path
  }
  return undefined
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
