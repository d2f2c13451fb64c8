/** The compressors of packed roots: programs of this machine, run on a pipe with all its processors. */
import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { ImageError } from '../image-error.ts'

export const COMPRESSORS = ['gzip', 'pigz', 'xz', 'zstd'] as const
export type Compressor = (typeof COMPRESSORS)[number]

/** What the bytes are, whoever made them. */
export type Compression = 'gz' | 'xz' | 'zst'

interface CompressorFacts {
  readonly compression: Compression
  readonly words: (processors: number) => readonly string[]
  /** Debian's package. */
  readonly package: string
}

const FACTS: Readonly<Record<Compressor, CompressorFacts>> = {
  // -n: no time in the header, so that the same tree gives the same bytes.
  gzip: { compression: 'gz', words: () => ['gzip', '-n', '-c'], package: 'gzip' },
  pigz: { compression: 'gz', words: (count) => ['pigz', '-n', '-c', '-p', String(count)], package: 'pigz' },
  // CRC32 is the one check that every small decompressor knows, busybox's too.
  xz: { compression: 'xz', words: (count) => ['xz', '-c', '--check=crc32', `-T${count}`], package: 'xz-utils' },
  // Level 9: about gzip's time on one processor, and a fifth smaller.
  zstd: { compression: 'zst', words: (count) => ['zstd', '-q', '-c', '-9', `-T${count}`], package: 'zstd' },
}

export function compressionOf(compressor: Compressor): Compression {
  return FACTS[compressor].compression
}

export function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined
}

/** gzip is what every initrd can unpack; pigz makes the same on all processors. */
export function defaultCompressor(): Compressor {
  return isInstalled('pigz') ? 'pigz' : 'gzip'
}

/** @throws ImageError image-tool when it is not installed */
export function compressorWords(compressor: Compressor): readonly string[] {
  const { words, package: name } = FACTS[compressor]
  if (!isInstalled(compressor))
    throw new ImageError('image-tool', `${compressor} is not installed on this server: apt-get install ${name}`)
  return words(availableParallelism())
}
