/** The page docs/reference/support.md: which firmware was seen to boot, by which way, into which root. */
import { FIRMWARE } from '../firmware.ts'
import type { Result } from './results.ts'
import { type Root, WAYS, type Way } from './ways.ts'

const INTRO = [
  '# Support matrix',
  '',
  'Made from `support.json` beside it, which virtual machines wrote; do not edit. `npm run matrix` boots what is marked •, as the',
  "project's CI does; `sh vm-harness/scenarios.sh x86_64:secure-boot ppc64le:vof:nfs` boots others, by way and root. The run says at its",
  'end how its results are taken in here.',
  '',
  'Each cell is a machine that was switched on and came to its login prompt in a statelite root: the number of checks that were read',
  'inside it (every option of `litefile`, the mounts, the failed units of systemd, the architecture, the firmware) and in its timeline,',
  'the seconds from power-on to the shell on an emulated processor, on a machine of two cores that had other work too, and the date.',
  '',
]

function cell(way: Way, root: Root, results: readonly Result[]): string {
  const result = results.find((each) => each.way === way.name && each.root === root)
  if (result === undefined) return way.roots.includes(root) ? 'not tried' : '–'
  const { passed, failed, seconds, date } = result
  if (failed > 0) return `**fails**: ${failed} of ${passed + failed} checks, ${date}`
  return `yes${way.always.includes(root) ? ' •' : ''}: ${passed} checks, ${seconds} s, ${date}`
}

function section(arch: string, results: readonly Result[]): string[] {
  const ways = WAYS.filter(({ firmware }) => FIRMWARE[firmware].arch === arch)
  const rows = ways.map((way) => {
    const { name, description, netboot } = way
    return `| \`${name}\` | ${description} | \`${netboot}\` | ${cell(way, 'nfs', results)} | ${cell(way, 'ramdisk', results)} |`
  })
  const header = ['| way | what | `netboot` | NFS root | root in memory |', '|---|---|---|---|---|']
  return [`## ${arch}`, '', ...header, ...rows, '']
}

export function renderSupport(results: readonly Result[]): string {
  const parts = [...new Set(results.flatMap((result) => result.parts))].sort()
  const seenWith = ['## Seen with', '', 'Debian 12 as the image, and:', '', ...parts.map((part) => `- ${part}`), '']
  const sections = (['x86_64', 'aarch64', 'ppc64le'] as const).flatMap((arch) => section(arch, results))
  return [...INTRO, ...sections, ...seenWith].join('\n')
}
