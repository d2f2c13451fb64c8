/** The local disk's lines of a plan (docs/reference/plan.md), and back. */
import type { LocalPart } from './local-disk.ts'
import { LOCAL_FILE_SYSTEMS, type PartSize } from './partition-file.ts'
import type { PlanLocalDisk } from './plan.ts'

export function renderLocalDisk(localDisk: PlanLocalDisk | undefined): (string | undefined)[][] {
  if (localDisk === undefined) return []
  const { label, reformat, disks, localspace, swaps, script } = localDisk
  return [
    ['localdisk', label, reformat],
    ...disks.flatMap(({ device, clear, parts }) => [
      ['disk', device, clear ? 'clear' : 'keep'],
      ...parts.map(({ name, size, format }) => ['part', name, renderSize(size), format]),
    ]),
    ...(script === undefined ? [] : [['partition-script', script.url, script.sha256]]),
    ...(localspace === undefined ? [] : [['localspace', localspace.device, localspace.fstype]]),
    ...swaps.map((device) => ['swapspace', device]),
  ]
}

function renderSize(size: PartSize): string {
  switch (size.kind) {
    case 'percent':
      return `${size.percent}%`
    case 'range':
      return `${size.startMiB}-${size.endMiB}`
    case 'rest':
      return 'rest'
  }
}

/** The lines that follow, as the plan's reader hands them out. */
export interface LineSource {
  /** All lines with this keyword that come next. */
  all(keyword: string, fields: number): string[][]
  fail(fault: string): void
}

export function readLocalDisk(lines: LineSource): PlanLocalDisk | undefined {
  const [head, second] = lines.all('localdisk', 2)
  if (second) lines.fail('two localdisk lines')
  if (!head) return undefined
  const disks: PlanLocalDisk['disks'][number][] = []
  for (;;) {
    const [disk, other] = lines.all('disk', 2)
    if (!disk) break
    if (other) lines.fail('a disk without parts')
    const parts = lines.all('part', 3).map((fields) => readPart(fields, lines))
    disks.push({ device: disk[0] ?? '', clear: disk[1] === 'clear', parts })
  }
  const [script] = lines.all('partition-script', 2)
  const [local] = lines.all('localspace', 2)
  return {
    label: head[0] ?? '',
    reformat: head[1] === '-' ? undefined : head[1],
    disks,
    localspace: local && { device: local[0] ?? '', fstype: fileSystem(local[1]) ?? 'auto' },
    swaps: lines.all('swapspace', 1).map(([device]) => device ?? ''),
    script: script && { url: script[0] ?? '', sha256: script[1] ?? '' },
  }
}

function fileSystem(text: string | undefined) {
  return LOCAL_FILE_SYSTEMS.find((name) => name === text)
}

function readPart([name = '', sizeText = '', format]: string[], lines: LineSource): LocalPart {
  return { name, size: readSize(sizeText, lines), format: fileSystem(format) ?? 'swap' }
}

function readSize(text: string, lines: LineSource): PartSize {
  if (text === 'rest') return { kind: 'rest' }
  const percent = /^(\d+)%$/.exec(text)?.[1]
  if (percent !== undefined) return { kind: 'percent', percent: Number(percent) }
  const [, start, end] = /^(\d+)-(\d+)$/.exec(text) ?? []
  if (start === undefined || end === undefined) lines.fail(`${text} is no size`)
  return { kind: 'range', startMiB: Number(start), endMiB: Number(end) }
}
