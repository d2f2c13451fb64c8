/** Where this installation lies, and which names it has. */
import { join, resolve } from 'node:path'
import { COMMANDS } from '../commands.ts'
import { hasShortName } from './short-names.ts'

/** What links point to. */
export const PROGRAM = resolve(join(import.meta.dirname, '../../../bin/liteboot'))

/** Every name the program is started under. */
export function programNames(): string[] {
  return ['liteboot', ...Object.keys(COMMANDS).filter(hasShortName)]
}

/** The first words of every file that is written for a shell or for man: what has them is ours, and may be replaced. */
export const MARK = 'Made by liteboot'
