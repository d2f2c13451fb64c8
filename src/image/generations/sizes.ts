/** How much of the disk a generation takes, and how much would come free without it. */
import { runProgram } from './disk.ts'

export interface GenerationSize {
  readonly bytes: number
  /** Of files that no other of the listed generations has. Clones cannot be told from copies: they count as own. */
  readonly ownBytes: number
  readonly files: number
}

/** @param directories one per generation; what cannot be read counts as empty */
export async function measureGenerations(directories: readonly string[]): Promise<GenerationSize[]> {
  const inodes: Map<string, number>[] = []
  const holders = new Map<string, number>()
  for (const directory of directories) {
    const blocks = await blocksByInode(directory)
    inodes.push(blocks)
    for (const inode of blocks.keys()) holders.set(inode, (holders.get(inode) ?? 0) + 1)
  }
  return inodes.map((blocks) => {
    let [bytes, ownBytes] = [0, 0]
    for (const [inode, size] of blocks) {
      bytes += size
      if (holders.get(inode) === 1) ownBytes += size
    }
    return { bytes, ownBytes, files: blocks.size }
  })
}

/** find's `%b`: blocks of 512 bytes. Directories are small and never shared: left out. */
async function blocksByInode(directory: string): Promise<Map<string, number>> {
  const text = await runProgram(
    ['find', directory, '-xdev', '!', '-type', 'd', '-printf', '%D:%i %b\\n'],
    undefined,
  ).catch(() => '')
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [inode = '', blocks = '0'] = line.split(' ')
        return [inode, Number(blocks) * 512] as const
      }),
  )
}
