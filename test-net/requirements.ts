/** What a test cannot do without; where it is missing the test is skipped, and its title says so. */
import { spawnSync } from 'node:child_process'

export function lacks(program: string): boolean {
  const PATH = `${process.env.PATH}:/usr/sbin:/sbin`
  return spawnSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore', env: { PATH } }).status !== 0
}

/** Programs that are not installed, and `root` when it is somebody else who runs the tests. */
export function missingOf(...programs: readonly string[]): string[] {
  return [...(process.getuid?.() === 0 ? [] : ['root']), ...programs.filter(lacks)]
}
