/** nodestat: what runs on each node; where nothing does, where it stands in its boot. */
import { existsSync } from 'node:fs'
import type { NodeAnswers } from '../../../boot/node-answers.ts'
import type { ClusterNode, Snapshot } from '../../../cluster/model.ts'
import { parseBootName } from '../../../statelite/generations.ts'
import { cell } from '../../../tables/row.ts'
import type { Boot } from '../../../timeline/boot.ts'
import { openTimelineReader, type TimelineReader } from '../../../timeline/store.ts'
import { type CommandResult, commandResult } from '../../protocol.ts'
import type { Method, MethodContext } from '../context.ts'
import { edit } from '../edit.ts'
import { expandKnown } from '../per-node.ts'
import { DEPLOYMENT_LIMITS } from './limits.ts'
import { openReachTools, type Reach, reachServices } from './reach.ts'

interface NodeStatus {
  readonly node: string
  /** As printed; undefined: it has no address. */
  readonly status: string | undefined
  readonly services: readonly string[]
  readonly alive: boolean
  readonly boot: string | null
  /** `el9@2` when that is not what the node would boot now. */
  readonly stale: string | null
  /** It runs on an overlay and tells what it writes (nodeset learn). */
  readonly learning: boolean
}

export const nodestatShow: Method<'nodestat.show'> = async (context, params) => {
  const found = await lookAt(context, params.noderange)
  return renderStatuses(found, params.power)
}

export const nodestatUpdate: Method<'nodestat.update'> = async (context, params) => {
  const found = await lookAt(context, params.noderange)
  const time = renderTime(new Date())
  const { warnings } = await edit(context, (transaction) => {
    for (const { node, status, services, learning } of found) {
      if (status === undefined) continue
      const appstatus = services.map((name) => `${name}=up`).join(',')
      const times = { statustime: time, appstatustime: time }
      // A node that learns keeps that word until it boots again.
      transaction.setRows('nodelist', { node }, { status: learning ? 'learning' : status, appstatus, ...times })
    }
  })
  const result = renderStatuses(found, params.power)
  return { ...result, errors: [...result.errors, ...warnings] }
}

async function lookAt(context: MethodContext, noderange: string): Promise<readonly NodeStatus[]> {
  const names = expandKnown(context.store, noderange)
  const { snapshot, answers } = await context.compiled()
  const tools = openReachTools()
  const reached = await Promise.all(
    names.map(async (name) => {
      const ip = snapshot.node(name)?.ip
      return { name, reach: ip === undefined ? undefined : await reachServices(ip, tools) }
    }),
  )
  context.server?.flushTimeline()
  const timeline = existsSync(context.timelineFile)
    ? openTimelineReader({ file: context.timelineFile, now: Date.now })
    : undefined
  try {
    const rows = context.store.read('nodelist').filter((row) => cell(row, 'status') === 'learning')
    const learners = new Set(rows.map((row) => cell(row, 'node')))
    return reached.map(({ name, reach }) => {
      const learning = learners.has(name)
      const node = snapshot.node(name)
      return {
        ...statusOf(name, reach, timeline),
        stale: (node && staleBoot(node, snapshot, answers)) ?? null,
        learning,
      }
    })
  } finally {
    timeline?.close()
  }
}

function statusOf(
  node: string,
  reach: Reach | undefined,
  timeline: TimelineReader | undefined,
): Omit<NodeStatus, 'stale' | 'learning'> {
  const { open = [], alive = false } = reach ?? {}
  const boot = reach === undefined || open.length > 0 ? undefined : timeline?.boots(node).at(-1)
  const news = boot === undefined ? undefined : bootNews(boot, alive, Date.now())
  const status = reach === undefined ? undefined : open.join(',') || news || (alive ? 'ping' : 'noping')
  return { node, status, services: open, alive, boot: news ?? null }
}

/** A node keeps the generation it booted; `stale` once another one is current. */
function staleBoot(node: ClusterNode, snapshot: Snapshot, answers: NodeAnswers): string | undefined {
  const booted = node.attribute('noderes', 'current_osimage')
  const boot = booted === undefined ? undefined : parseBootName(booted)
  const current = boot?.image === node.imageName ? answers.generation(node, snapshot)?.number : undefined
  return current === undefined || boot?.number === current ? undefined : `${booted}, ${current} is current`
}

/** What a boot says about a node that runs no service: `stuck at kernel, …` says more than `noping`. */
export function bootNews(
  boot: Pick<Boot, 'state' | 'summary' | 'lastMs' | 'events'>,
  alive: boolean,
  nowMs: number,
): string | undefined {
  if (boot.state === 'booted') return undefined
  // In a shell of the initrd it stays for as long as somebody works there, and reports nothing meanwhile.
  const isInShell = alive && boot.events.findLast(({ service }) => service === 'initrd')?.stage === 'shell'
  return isInShell || nowMs - boot.lastMs <= DEPLOYMENT_LIMITS.bootNewsMs ? boot.summary : undefined
}

function renderStatuses(found: readonly NodeStatus[], power: boolean | undefined): CommandResult {
  const lines = found.flatMap(({ node, status, stale, learning }) =>
    status === undefined
      ? []
      : [`${node}: ${status}${learning ? ' (learning)' : ''}${stale === null ? '' : ` (stale: ${stale})`}`],
  )
  const lost = found.filter(({ status }) => status === undefined)
  const errors = lost.map(({ node }) => `${node}: Error: it has no address (hosts.ip)`)
  const unpowered = power ? ['Warning: -p: this server cannot ask for the power state of nodes'] : []
  return commandResult(lines, found, [...errors, ...unpowered], errors.length > 0 ? 1 : 0)
}

/** `MM-DD-YYYY HH:MM:SS`, local time, as xCAT writes it. */
function renderTime(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${two(date.getMonth() + 1)}-${two(date.getDate())}-${date.getFullYear()}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}
