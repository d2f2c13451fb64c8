/** Resident memory of the whole `liteboot serve`: after the start, and after every node has asked for all it asks. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ResidentMemory, residentMemory } from './processes.ts'
import { FIRST_MAC, NODES } from './site.ts'
import { SERVER, type Wire } from './wire.ts'

export const MEMORY_TARGET_MB = 250

export interface MemoryStage extends ResidentMemory {
  readonly title: string
}

export interface MemoryOutcome {
  readonly stages: readonly MemoryStage[]
  readonly met: boolean
}

const EXCHANGES_PER_SECOND = 2500
const SETTLE_MS = 2000

/** @param rate of DHCP: below what the server can do, this is about memory */
export async function measureMemory(wire: Wire, pid: number): Promise<MemoryOutcome> {
  const stages: MemoryStage[] = []
  const note = async (title: string) => {
    await sleep(SETTLE_MS)
    stages.push({ title, ...residentMemory(pid) })
  }
  await note('after the start')
  const seconds = Math.ceil(NODES / EXCHANGES_PER_SECOND)
  await wire.client.exec(
    'perfdhcp',
    [
      ...['-4', '-r', String(EXCHANGES_PER_SECOND), '-n', String(NODES), '-R', String(NODES)],
      ...['-b', `mac=${FIRST_MAC}`, SERVER],
    ],
    (seconds + 30) * 1000,
  )
  await note(`after ${NODES.toLocaleString('en')} DHCP exchanges`)
  const script = join(import.meta.dirname, 'load/boot-files.ts')
  const failures = await wire.client.exec(process.execPath, [script, SERVER, 'n', String(NODES)], 120_000)
  if (Number(failures) !== 0) throw new Error(`${failures.trim()} nodes got no boot file`)
  await note('after the boot file (and so the plan) of every node')
  return { stages, met: (stages.at(-1)?.nowMb ?? Number.POSITIVE_INFINITY) < MEMORY_TARGET_MB }
}
