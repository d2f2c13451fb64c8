/** linuximage.partitionfile and chain.currchain → what a node does with its local disk. */
import { createHash } from 'node:crypto'
import type { ClusterNode, Image } from '../cluster/model.ts'
import type { StateliteContext } from './context.ts'
import type { Entry } from './entries.ts'
import { litefileRowName } from './entries.ts'
import { errorFinding, type Finding, warningFinding } from './finding.ts'
import {
  type LocalFileSystem,
  type PartitionFile,
  type PartSize,
  parsePartitionFile,
  partitionNames,
} from './partition-file.ts'

export interface LocalPart {
  /** `SLLOCAL-<label>-<n>`, without what the node appends. */
  readonly name: string
  readonly size: PartSize
  readonly format: LocalFileSystem | 'swap'
}

export interface LocalDisk {
  /** Disks with other partition names than these are somebody else's. */
  readonly label: string
  /** The order to format once more; remembered in the partition names, so that it is carried out once. */
  readonly reformat: string | undefined
  readonly disks: readonly { readonly device: string; readonly clear: boolean; readonly parts: readonly LocalPart[] }[]
  /** A script says by a partition name which it is, and makes the file system it likes. */
  readonly localspace: { readonly device: string; readonly fstype: LocalFileSystem | 'auto' } | undefined
  readonly swaps: readonly string[]
  /** The script form: what partitions instead of us. */
  readonly script: { readonly text: string; readonly sha256: string } | undefined
}

/** GPT partition names have 36 characters: `SLLOCAL-` label `-64` `.` reformat order `+`. */
const LABEL_LENGTH = 17
export const LABEL_PREFIX = 'SLLOCAL-'

/** A long name is cut, and told apart by a digest. */
export function diskLabel(name: string): string {
  if (name.length <= LABEL_LENGTH) return `${LABEL_PREFIX}${name}`
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 8)
  return `${LABEL_PREFIX}${name.slice(0, LABEL_LENGTH - 9)}-${digest}`
}

export type PartitionFileCell = { readonly kind: 'format' | 'script'; readonly path: string }

/** `/path/file` or `s:/path/script`; undefined when the cell is blank. */
export function parsePartitionFileCell(image: Pick<Image, 'attribute'>): PartitionFileCell | undefined {
  const cell = image.attribute('partitionfile')?.trim() ?? ''
  if (cell === '') return undefined
  return cell.startsWith('s:') ? { kind: 'script', path: cell.slice(2).trim() } : { kind: 'format', path: cell }
}

/** What `liteboot localdisk reformat` left in chain.currchain: six letters and digits. */
export const REFORMAT_WORD = /(?:^|[\s,])reformat=([0-9a-z]{6})(?=$|[\s,])/

export function reformatOrder(node: ClusterNode): string | undefined {
  return REFORMAT_WORD.exec(node.attribute('chain', 'currchain') ?? '')?.[1]
}

export function compileLocalDisk(
  node: ClusterNode,
  image: Image,
  context: StateliteContext,
): { readonly localDisk?: LocalDisk; readonly findings: readonly Finding[] } {
  const cell = parsePartitionFileCell(image)
  if (cell === undefined) return { findings: [] }
  const where = `linuximage row imagename=${image.name}: partitionfile ${cell.path}`
  const fault = (message: string, advice: string) => ({ findings: [errorFinding(where, message, advice)] })
  if (!cell.path.startsWith('/')) return fault('the path must begin with /', 'write /path/file or s:/path/script')
  const read = context.partitionFile?.(cell.path) ?? { fault: 'it is on the server, which is not asked here' }
  if ('fault' in read) return fault(read.fault, 'make it readable for the server, or clear linuximage.partitionfile')
  const reformat = reformatOrder(node)
  if (cell.kind === 'script') {
    if (!read.text.startsWith('#!')) return fault('a script must begin with #!', 'write #!/bin/sh as its first line')
    const sha256 = createHash('sha256').update(read.text).digest('hex')
    const script = { text: read.text, sha256 }
    const label = diskLabel(image.name)
    const localspace = { device: `label:${label}-local`, fstype: 'auto' } as const
    const swaps = [`label:${label}-swap`]
    return { localDisk: { label, reformat, disks: [], localspace, swaps, script }, findings: [] }
  }
  const { file, faults, warnings } = parsePartitionFile(read.text)
  const line = (number: number) => (number === 0 ? where : `${where} line ${number}`)
  const findings = [
    ...faults.map((found) => errorFinding(line(found.line), found.message, 'correct the file')),
    ...warnings.map((found) => warningFinding(line(found.line), found.message, 'write ptype=gpt')),
  ]
  if (faults.length > 0) return { findings }
  if (!file.enable) return { findings }
  return { localDisk: layoutOf(file, diskLabel(file.label ?? image.name), reformat), findings }
}

function layoutOf(file: PartitionFile, label: string, reformat: string | undefined): LocalDisk {
  let number = 0
  const disks = (file.enablepart ? file.disks : []).map(({ device, clear, fstype, parts }) => ({
    device,
    clear,
    parts: parts.map((size, index): LocalPart => {
      number += 1
      const names = partitionNames(device, index + 1)
      const isSwap = file.swaps.some((swap) => names.includes(swap))
      const { localspace } = file
      const format = localspace !== undefined && names.includes(localspace.device) ? localspace.fstype : fstype
      return { name: `${label}-${number}`, size, format: isSwap ? 'swap' : format }
    }),
  }))
  return { label, reformat, disks, localspace: file.localspace, swaps: file.swaps, script: undefined }
}

/** When tables are edited, rows may come in any order: a warning. A row for ALL also meets images without a disk. */
export function checkPartitionFile(image: Pick<Image, 'name' | 'attribute'>, entries: readonly Entry[]): Finding[] {
  if (parsePartitionFileCell(image) !== undefined) return []
  return checkLocalEntries(image, entries, undefined).map((finding) => ({ ...finding, severity: 'warning' as const }))
}

/** Local entries with nowhere to be: a boot without the disk would lose what was promised to stay. */
export function checkLocalEntries(
  image: Pick<Image, 'name' | 'attribute'>,
  entries: readonly Entry[],
  localDisk: LocalDisk | undefined,
): Finding[] {
  const local = entries.filter(({ option }) => option === 'localdisk')
  if (local.length === 0) return []
  if (localDisk?.localspace !== undefined) return []
  const more = local.length > 1 ? ` and ${local.length - 1} more` : ''
  const rows = local[0] === undefined ? '' : `${litefileRowName(local[0].row)}${more}`
  const cell = parsePartitionFileCell(image)
  const where = `linuximage row imagename=${image.name}`
  if (cell === undefined) {
    const message = `no partition file, but localdisk entries (${rows})`
    return [errorFinding(where, message, `chdef -t osimage -o ${image.name} partitionfile=<file>`)]
  }
  const message = `partition file ${cell.path} is not enabled or has no [localspace], but there are localdisk entries (${rows})`
  return [errorFinding(where, message, 'write enable=yes and a [localspace] with its dev=')]
}
