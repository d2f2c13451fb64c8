/** localdisk: what nodes do with their local disk, and the order to format it once more. */
import type { ClusterNode } from '../../../cluster/model.ts'
import { type LocalDisk, REFORMAT_WORD } from '../../../statelite/local-disk.ts'
import { cell } from '../../../tables/row.ts'
import { findingLine, tableFinding } from '../../findings.ts'
import { commandResult } from '../../protocol.ts'
import type { Compiled, Method } from '../context.ts'
import { edit } from '../edit.ts'
import { expandKnown, perNode } from '../per-node.ts'

export const localdiskShow: Method<'localdisk.show'> = (context, params) =>
  perNode(context, params.noderange, (node, compiled) => {
    const found = localDiskOf(node, compiled)
    if ('errors' in found) return { output: [], errors: found.errors, data: { node: node.name, localDisk: null } }
    const { localDisk } = found
    const { script, ...shown } = localDisk ?? { script: undefined }
    return {
      output: [`${node.name}: ${localDisk ? describe(localDisk) : 'no local disk'}`],
      errors: [],
      data: { node: node.name, localDisk: localDisk ? { ...shown, script: script?.sha256 ?? null } : null },
    }
  })

/** An order is refused where it could do nothing, so that it is not carried out at some later edit of the file. */
export const localdiskReformat: Method<'localdisk.reformat'> = async (context, params) => {
  const names = expandKnown(context.store, params.noderange)
  const compiled = await context.compiled()
  const failures: string[] = []
  const good: string[] = []
  for (const name of names) {
    const node = compiled.snapshot.node(name)
    const found = node ? localDiskOf(node, compiled) : { errors: [`${name}: Error: its rows could not be compiled`] }
    const refusal = 'errors' in found ? found.errors : refuse(name, found.localDisk)
    if (refusal.length > 0) failures.push(...refusal)
    else good.push(name)
  }
  const order = newOrder(Date.now())
  const edited = await setOrders(context, good, `reformat=${order}`)
  return commandResult(
    good.map((name) => `${name}: local disk is formatted at the next boot`),
    { nodes: good, order, changes: edited.changes, snapshot: edited.snapshot },
    [...failures, ...edited.warnings],
    failures.length > 0 ? 1 : 0,
  )
}

export const localdiskKeep: Method<'localdisk.keep'> = async (context, params) => {
  const names = expandKnown(context.store, params.noderange)
  const edited = await setOrders(context, names, undefined)
  return commandResult(
    names.map((name) => `${name}: local disk is kept`),
    { nodes: names, changes: edited.changes, snapshot: edited.snapshot },
    edited.warnings,
  )
}

function localDiskOf(
  node: ClusterNode,
  { snapshot, answers }: Compiled,
): { readonly localDisk: LocalDisk | undefined } | { readonly errors: readonly string[] } {
  const answer = answers.statelite(node, snapshot)
  if ('value' in answer && answer.value.localDisk) return { localDisk: answer.value.localDisk }
  const findings = 'findings' in answer ? answer.findings : answer.value.findings
  const errors = findings
    .filter(({ severity, where, message }) => severity === 'error' && /partition/.test(`${where} ${message}`))
    .map((finding) => findingLine(tableFinding(finding), node.name))
  return errors.length > 0 ? { errors } : { localDisk: undefined }
}

function refuse(name: string, localDisk: LocalDisk | undefined): string[] {
  if (localDisk === undefined) return [`${name}: Error: its image has no partition file that is enabled`]
  if (localDisk.script !== undefined || localDisk.disks.some(({ clear }) => clear)) return []
  return [`${name}: Error: nothing may be formatted: the partition file has no [disk] with clear=yes, or enablepart=no`]
}

/** Six digits of base 36: the second it was given. The node writes it into the partition names. */
function newOrder(atMs: number): string {
  return Math.floor(atMs / 1000)
    .toString(36)
    .slice(-6)
    .padStart(6, '0')
}

function setOrders(context: Parameters<typeof edit>[0], names: readonly string[], word: string | undefined) {
  return edit(context, (transaction) => {
    const rows = new Map(transaction.read('chain').map((row) => [cell(row, 'node'), row]))
    for (const node of names) {
      const row = rows.get(node)
      const before = row ? cell(row, 'currchain') : ''
      const others = before.replace(REFORMAT_WORD, '').replace(/^[\s,]+/, '')
      const currchain = [word ?? '', others].filter((part) => part !== '').join(',')
      if (currchain !== before) transaction.setRows('chain', { node }, { currchain })
    }
  })
}

/** `/dev/sda: 20% ext4, rest swap (cleared when blank); local space /dev/sda1; reformat ordered` */
function describe(localDisk: LocalDisk): string {
  const disks = localDisk.disks.map(({ device, clear, parts }) => {
    const formats = parts.map(({ size, format }) => {
      const text =
        size.kind === 'percent'
          ? `${size.percent}%`
          : size.kind === 'rest'
            ? 'rest'
            : `${size.startMiB}-${size.endMiB} MiB`
      return `${text} ${format}`
    })
    return `${device}: ${formats.join(', ')}${clear ? '' : ' (never written: no clear=yes)'}`
  })
  const local = localDisk.localspace ? [`local space ${localDisk.localspace.device}`] : []
  const ordered = localDisk.reformat === undefined ? [] : ['is formatted at the next boot']
  return [...disks, ...(localDisk.script ? ['by script'] : []), ...local, ...ordered].join('; ') || 'nothing'
}
