/** Persistent directories are made by the server, one per node, before the node is told to mount its own. */
import { lstatSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * @param area the directory of statelite.statemnt: made with all its parents when missing
 * @returns what is in the way, or undefined
 */
export function ensurePersistentDirectory(directory: string): string | undefined {
  try {
    // Closed to the server's other users; on the node, everybody must pass through the directory to linked paths.
    mkdirSync(dirname(directory), { recursive: true, mode: 0o700 })
    try {
      mkdirSync(directory, { mode: 0o755 })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    // A symbolic link here would lead the export to another place.
    return lstatSync(directory).isDirectory() ? undefined : `persistent directory ${directory} is not a directory`
  } catch (error) {
    return `persistent directory ${directory}: ${(error as Error).message}`
  }
}
