/**
 * Images: a tree of 30,000 files of this machine's /usr packed with each compressor, a generation of it, and liteimg, each
 * beside the programs that one would type for it, in the same run. `--only image`.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { openGenerations } from '../src/image/generations/generations.ts'
import { liteimg } from '../src/image/liteimg/liteimg.ts'
import { type Compressor, isInstalled } from '../src/image/pack/compressors.ts'
import { packTree } from '../src/image/pack/pack.ts'
import { listReader } from '../src/image/pack/selection.ts'
import { type Spread, spreadOf } from './statistics.ts'

/** Larger ones would make the run a measurement of the compressors alone. */
const FILE_BYTES_MAX = 64 * 1024

interface Measured {
  readonly seconds: number
  readonly bytes?: number
}

interface Work {
  readonly title: string
  readonly ours: () => Promise<Measured>
  readonly command?: string
  readonly peer?: () => Measured
}

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

async function timed(work: () => Promise<number | undefined>): Promise<Measured> {
  const start = performance.now()
  const bytes = await work()
  return { seconds: (performance.now() - start) / 1000, ...(bytes === undefined ? {} : { bytes }) }
}

function shell(line: string, cwd: string, output?: string): Measured {
  const start = performance.now()
  execFileSync('sh', ['-c', line], { cwd, stdio: ['ignore', 'ignore', 'ignore'] })
  const seconds = (performance.now() - start) / 1000
  return output === undefined ? { seconds } : { seconds, bytes: statSync(output).size }
}

const COMPRESS: Readonly<Record<Compressor, string>> = {
  gzip: 'gzip -n',
  pigz: 'pigz -n',
  xz: 'xz --check=crc32 -T0',
  zstd: 'zstd -q -9 -T0',
}

function works(dest: string, scratch: string): Work[] {
  const root = join(dest, 'rootimg')
  const out = join(scratch, 'peer')
  const tree = { root, exlist: [], lists: { read: listReader, variables: {} } }
  const pack = (method: 'cpio' | 'squashfs', compressor: Compressor) =>
    timed(async () => {
      const { record } = await packTree({ tree, directory: scratch, purpose: 'statelite', method, compressor })
      return record.sizeBytes
    })
  const cpio = (compressor: Compressor): Work => {
    const command = `find . | cpio -o -H newc | ${COMPRESS[compressor]}`
    return {
      title: `pack: cpio, ${compressor}`,
      ours: () => pack('cpio', compressor),
      command,
      peer: () => shell(`${command} >'${out}'; sync '${out}'`, root, out),
    }
  }
  const compressors = (['gzip', 'pigz', 'zstd', 'xz'] as const).filter(isInstalled)
  const squashfs = 'mksquashfs . OUT -noappend -comp zstd -Xcompression-level 15'
  const entries = ['/usr/share/', '/usr/lib/'].map((path) => ({ option: 'tmpfs' as const, path, parent: undefined }))
  return [
    ...compressors.map(cpio),
    ...(spawnSync('mksquashfs', ['-version']).error === undefined
      ? [
          {
            title: 'pack: squashfs, zstd',
            ours: () => pack('squashfs', 'zstd'),
            command: squashfs,
            peer: () => shell(`rm -f '${out}'; ${squashfs.replace('OUT', `'${out}'`)}`, root, out),
          },
        ]
      : []),
    {
      title: 'a generation (copy of the current one, not committed)',
      ours: () =>
        timed(async () => {
          const draft = await openGenerations(dest).begin({
            from: 'current',
            by: 'edit',
            reason: 'bench',
            writer: 'replace',
          })
          await draft.abort()
          return undefined
        }),
      command: 'cp -a; rm -rf',
      peer: () => shell(`cp -a '${root}/.' '${out}.tree' && rm -rf '${out}.tree'`, root),
    },
    {
      title: 'liteimg, two directories with most of the files',
      ours: async () => {
        const copy = join(scratch, 'liteimg')
        execFileSync('cp', ['-a', `${root}/.`, copy])
        const nodeScript = join(import.meta.dirname, '../initrd-scripts/node/statelite')
        const measured = await timed(async () => {
          await liteimg({ rootimg: copy, entries, revision: 'x', validate: () => [], nodeScript })
          return undefined
        })
        rmSync(copy, { recursive: true, force: true })
        return measured
      },
    },
  ]
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
  for (const { title, ours, command, peer } of works(dest, scratch)) {
    // xz takes minutes a round.
    const rounds = quick || title.includes('xz') ? 1 : 3
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
    'liteboot also hashes, records and syncs what it packs.',
    '',
    '| | liteboot | peer | time |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}
