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
