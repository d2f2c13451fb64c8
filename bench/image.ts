/**
 * Images: a tree of 30,000 files of this machine's /usr packed with each compressor, a generation of it, liteimg, and the initrd
 * of a Debian root, each beside the programs that one would type for it, in the same run. `--only image`.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { dirname, join } from 'node:path'
import { type Measured, worksOfInitrd, worksOfTree } from './image-works.ts'
import { type Spread, spreadOf } from './statistics.ts'

/** Larger ones would make the run a measurement of the compressors alone. */
const FILE_BYTES_MAX = 64 * 1024

export interface ImageFigure {
  readonly title: string
  readonly ours: Spread
  readonly bytes: number | undefined
  readonly command: string | undefined
  readonly peer: Spread | undefined
  readonly peerBytes: number | undefined
}

function makeTree(root: string, wanted: number): number {
  let made = 0
  const visit = (directory: string): void => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (made >= wanted) return
      const path = join(directory, entry.name)
      if (entry.isDirectory()) visit(path)
      else if (entry.isFile() && statSync(path).size <= FILE_BYTES_MAX) {
        mkdirSync(join(root, dirname(path)), { recursive: true })
        copyFileSync(path, join(root, path))
        made++
      }
    }
  }
  visit('/usr')
  return made
}

/** A Debian root with a kernel and dracut. */
function buildRoot(scratch: string, say: (text: string) => void): string {
  const dest = join(scratch, 'debian')
  const build = join(import.meta.dirname, '../vm-harness/demo/build-root.sh')
  say('image: a Debian root is built for the initrd')
  execFileSync('sh', [build, dest, 'dracut-core,dracut-network,nfs-common,rpcbind'], { stdio: 'ignore' })
  return join(dest, 'rootimg')
}

export async function measureImages(
  scratch: string,
  quick: boolean,
  say: (text: string) => void,
): Promise<{ readonly files: number; readonly figures: readonly ImageFigure[] }> {
  const dest = join(scratch, 'image')
  mkdirSync(join(dest, 'rootimg'), { recursive: true })
  writeFileSync(join(dest, 'kernel'), '')
  const files = makeTree(join(dest, 'rootimg'), quick ? 2000 : 30_000)
  say(`image: ${files} files`)
  const figures: ImageFigure[] = []
  for (const { title, ours, command, peer, slow } of [
    ...worksOfTree(dest, scratch),
    ...worksOfInitrd(buildRoot(scratch, say), scratch),
  ]) {
    const rounds = quick || slow ? 1 : 3
    const own: Measured[] = []
    const theirs: Measured[] = []
    for (let round = 0; round < rounds; round++) {
      own.push(await ours())
      if (peer) theirs.push(peer())
    }
    const figure: ImageFigure = {
      title,
      ours: spreadOf(own.map(({ seconds }) => seconds)),
      bytes: own[0]?.bytes,
      command,
      peer: theirs.length > 0 ? spreadOf(theirs.map(({ seconds }) => seconds)) : undefined,
      peerBytes: theirs[0]?.bytes,
    }
    figures.push(figure)
    say(
      `  ${title}: ${describe(figure.ours, figure.bytes)}${figure.peer ? `; ${describe(figure.peer, figure.peerBytes)}` : ''}`,
    )
  }
  return { files, figures }
}

function describe({ median }: Spread, bytes: number | undefined): string {
  return `${median.toFixed(1)} s${bytes === undefined ? '' : `, ${(bytes / 1024 / 1024).toFixed(1)} MiB`}`
}

export function renderImages(
  { files, figures }: { readonly files: number; readonly figures: readonly ImageFigure[] },
  processors: number,
): string {
  const rows = figures.map(({ title, ours, bytes, command, peer, peerBytes }) => {
    const ratio = peer === undefined ? '' : `${(ours.median / peer.median).toFixed(2)} ×`
    return `| ${title} | ${describe(ours, bytes)} | ${peer ? `\`${command?.replaceAll('|', '\\|')}\`: ${describe(peer, peerBytes)}` : '-'} | ${ratio} |`
  })
  return [
    '## Images',
    '',
    `A tree of ${files.toLocaleString('en')} files (up to 64 KiB each) of the machine's own /usr, ${processors} processors, median of three rounds (xz: one).`,
    `Load average at the end: ${loadavg()[0]?.toFixed(1)}. liteboot also hashes, records and syncs what it packs.`,
    '',
    '| | liteboot | peer | time |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}
