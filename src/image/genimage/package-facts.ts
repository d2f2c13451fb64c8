/** What is to be said of the packages that were installed. */
import type { BuildRoom } from './build-room.ts'
import type { OsTools } from './os-tools.ts'
import type { BuildPlaces } from './steps.ts'
import { TreeFiles } from './tree-files.ts'

export async function countPackages(places: BuildPlaces, tools: OsTools, room: BuildRoom): Promise<number | undefined> {
  const tree = new TreeFiles(places.root)
  if (tools.tool === 'apt') {
    const status = await tree.read('var/lib/dpkg/status')
    return status?.match(/^Status: \S+ \S+ installed$/gm)?.length
  }
  if ((await tree.target(tools.rpmDatabase ?? 'var/lib/rpm')) === undefined) return undefined
  const { lines } = await room.run({
    kind: 'command',
    what: 'counting the packages',
    words: ['rpm', '--root', places.root, '-qa'],
  })
  return lines.filter((line) => line !== '').length
}

/** rpm goes on when a script fails after its package was installed; the image may lack what the script should have made. */
export function scriptletWarnings(lines: readonly string[]): string[] {
  const failed = lines.flatMap((line) => {
    const match =
      /^Error in (\S+) scriptlet in rpm package (\S+)/i.exec(line) ??
      /^(?:warning|error): %(\w+)\((\S+?)\) scriptlet failed/.exec(line)
    return match === null
      ? []
      : [`the ${match[1]?.toLowerCase()} script of the package ${match[2]} failed: see the build log`]
  })
  return [...new Set(failed)]
}

/**
 * Of a build that failed: what to do when it was a script of a package, run by an emulator. The same script may go through
 * the next time. undefined: something else was the matter.
 */
export function emulationAdvice(problems: readonly string[], arch: string): string | undefined {
  const failed = problems.flatMap((line) => /^dpkg: error processing package ([^\s:]+)\S* \(--/.exec(line)?.[1] ?? [])
  const crashed = problems.some((line) =>
    /qemu: (uncaught target signal|unhandled|fatal)|Unsupported syscall/i.test(line),
  )
  if (failed.length === 0 && !crashed) return undefined
  const what = failed.length === 0 ? 'a program of the image' : `a script of ${[...new Set(failed)].join(', ')}`
  return `${what} failed under qemu-${arch}, which runs programs of ${arch} here. Run genimage again; if it fails in the same place, leave the package out of the list and install it with image edit, or build on a ${arch} machine and bring the image with imgexport and imgimport`
}
