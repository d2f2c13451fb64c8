/** What is measured of images: ours, and what one would type for it. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { openGenerations } from '../src/image/generations/generations.ts'
import { assembleInitrd } from '../src/image/initrd/assemble.ts'
import { liteimg } from '../src/image/liteimg/liteimg.ts'
import { type Compressor, isInstalled } from '../src/image/pack/compressors.ts'
import { packTree } from '../src/image/pack/pack.ts'
import { listReader } from '../src/image/pack/selection.ts'

export interface Measured {
  readonly seconds: number
  readonly bytes?: number
}

export interface Work {
  readonly title: string
  readonly ours: () => Promise<Measured>
  readonly command?: string
  readonly peer?: () => Measured
  /** Takes minutes a round: measured once. */
  readonly slow?: boolean
}

const SCRIPTS = join(import.meta.dirname, '../initrd-scripts')

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

/** Of mksquashfs: what our packing asks for, too. */
const SQUASHFS: Readonly<Record<string, string>> = {
  gzip: '-comp gzip',
  xz: '-comp xz',
  zstd: '-comp zstd -Xcompression-level 15',
}

/** @param dest a DEST with `rootimg`; @param scratch on the same file system */
export function worksOfTree(dest: string, scratch: string): Work[] {
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
      slow: compressor === 'xz',
    }
  }
  const squashfs = (compressor: Compressor): Work => {
    const command = `mksquashfs . OUT -noappend ${SQUASHFS[compressor]}`
    return {
      title: `pack: squashfs, ${compressor}`,
      ours: () => pack('squashfs', compressor),
      command,
      peer: () => shell(`rm -f '${out}'; ${command.replace('OUT', `'${out}'`)}; sync '${out}'`, root, out),
      slow: compressor === 'xz',
    }
  }
  const hasSquashfs = spawnSync('mksquashfs', ['-version']).error === undefined
  const entries = readdirSync(join(root, 'usr')).map((name) => ({
    option: 'tmpfs' as const,
    path: `/usr/${name}/`,
    parent: undefined,
  }))
  const copyOfTree = join(scratch, 'copy')
  const copy = () => shell(`mkdir '${copyOfTree}'; cp -a . '${copyOfTree}/'`, root)
  const removeCopy = () => rmSync(copyOfTree, { recursive: true, force: true })
  return [
    ...(['gzip', 'pigz', 'zstd', 'xz'] as const).filter(isInstalled).map(cpio),
    ...(hasSquashfs ? (['gzip', 'zstd', 'xz'] as const).map(squashfs) : []),
    {
      title: 'a new generation (copy of the current one)',
      ours: async () => {
        let end = async () => {}
        const measured = await timed(async () => {
          const request = { from: 'current', by: 'edit', reason: 'bench', writer: 'replace' } as const
          const draft = await openGenerations(dest).begin(request)
          end = () => draft.abort()
          return undefined
        })
        await end()
        return measured
      },
      command: 'cp -a',
      peer: () => {
        const measured = copy()
        removeCopy()
        return measured
      },
    },
    {
      title: 'liteimg, with each directory of /usr an entry',
      ours: async () => {
        copy()
        const measured = await timed(async () => {
          const nodeScript = join(SCRIPTS, 'node/statelite')
          await liteimg({ rootimg: copyOfTree, entries, revision: 'x', validate: () => [], nodeScript })
          return undefined
        })
        removeCopy()
        return measured
      },
      command: 'cp -a',
      peer: () => {
        const measured = copy()
        removeCopy()
        return measured
      },
    },
  ]
}

/** @param root a root with a kernel and dracut, for this machine's architecture */
export function worksOfInitrd(root: string, scratch: string): Work[] {
  const [version = ''] = readdirSync(join(root, 'lib/modules'))
  const work = mkdtempSync(join(scratch, 'initrd-'))
  const output = join(work, 'lean')
  const mounts = `mount -t proc proc '${root}/proc'; mount --bind /dev '${root}/dev'; mount --bind '${work}' '${root}/mnt'`
  const command = `dracut --no-hostonly --add nfs --kver ${version}`
  const dracut = `${mounts}; chroot '${root}' ${command} --force --tmpdir /mnt /mnt/dracut`
  return [
    {
      title: 'initrd of a Debian root',
      ours: () =>
        timed(async () => {
          await assembleInitrd({ rootimg: root, arch: 'x86_64', scripts: SCRIPTS, output, compress: 'gzip' })
          return statSync(output).size
        }),
      ...(existsSync(join(root, 'usr/bin/dracut'))
        ? { command, peer: () => shell(`unshare -m sh -ec "${dracut}"`, work, join(work, 'dracut')) }
        : {}),
    },
  ]
}
