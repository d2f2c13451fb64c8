/**
 * nodeset: what nodes do at their next boot. Only tables change (nodetype, chain); a node that cannot boot what it is told
 * keeps every value it has, and never stops the others.
 */
import { type StateWord, stateLine } from '../../../boot/state.ts'
import type { ClusterNode, Image, ImageName, Snapshot } from '../../../cluster/model.ts'
import { compileSnapshot } from '../../../cluster/snapshot.ts'
import { openImageFiles } from '../../../image/image-files.ts'
import { LEARN_WORD } from '../../../statelite/learn.ts'
import type { Transaction } from '../../../store/store.ts'
import { renderHint } from '../../../tables/nearest-name.ts'
import { OperatorError } from '../../errors.ts'
import { commandResult } from '../../protocol.ts'
import type { Compiled, Method, MethodContext } from '../context.ts'
import { edit } from '../edit.ts'
import { expandKnown } from '../per-node.ts'
import { type Action, parseAction } from './action.ts'
import {
  checkImageBoot,
  checkInitrdBoot,
  lookAtImages,
  NO_IMAGE_NAME,
  type NodeCheck,
  type Outlook,
  shortHostName,
} from './checks.ts'
import { exportBootFiles } from './export.ts'
import { type PrescriptRun, runPrescripts } from './prescripts.ts'

/** What one node is to become. */
type Target =
  | {
      readonly name: string
      readonly image: Image
      readonly arch: string | undefined
      readonly learns: boolean
    }
  | { readonly name: string; readonly word: StateWord }

export const nodeset: Method<'nodeset.set'> = async (context, params) => {
  const names = expandKnown(context.store, params.noderange)
  const { exportDirectory } = params
  if (params.action === undefined) {
    if (exportDirectory === undefined) throw new OperatorError('LB_USAGE', "Invalid argument: ''")
    return exportBootFiles(context, names, exportDirectory)
  }
  const action = parseAction(params.action)
  let current = await context.compiled()
  refuseUnknownImage(action, current.snapshot)
  const begun = await scripts(context, current, 'begin', names, action, params.verbose)
  if (begun.aborted) return commandResult(begun.output, null, [...begun.errors, 'Error: nothing was changed'], 1)
  if (begun.ran) {
    // A script may have filled in what a node lacked.
    context.store.refresh()
    current = await context.compiled()
  }
  const done = await setStates(context, current, names, action)
  const ended = await scripts(context, current, 'end', done.set, action, params.verbose)
  const output = [...begun.output, ...done.output, ...ended.output]
  const errors = [...begun.errors, ...done.errors, ...ended.errors]
  const status = done.failed || ended.aborted ? 1 : 0
  if (exportDirectory === undefined) return commandResult(output, done.data, errors, status)
  const exported = await exportBootFiles(context, done.set, exportDirectory)
  return commandResult(
    [...output, ...exported.output],
    { ...done.data, export: exported.data },
    [...errors, ...exported.errors],
    status | exported.exitStatus,
  )
}

/** @throws OperatorError when the command as a whole makes no sense */
function refuseUnknownImage(action: Action, snapshot: Snapshot): void {
  if (action.kind !== 'image' || action.image === undefined) return
  const image = snapshot.images.get(action.image as ImageName)
  if (!image) throw new OperatorError('LB_NO_IMAGE', noSuchImage(action.image, snapshot))
  if (image.provmethod === undefined) {
    throw new OperatorError(
      'LB_BAD_INPUT',
      `osimage.provmethod for ${action.image} must be set.`,
      `chdef -t osimage -o ${action.image} provmethod=statelite`,
    )
  }
}

function noSuchImage(name: string, snapshot: Snapshot): string {
  return `Cannot find the OS image ${name} in the osimage table.${renderHint(name, snapshot.images.keys())}`
}

async function scripts(
  context: MethodContext,
  { snapshot }: Compiled,
  when: 'begin' | 'end',
  names: readonly string[],
  action: Action,
  verbose: boolean | undefined,
): Promise<PrescriptRun> {
  const provmethodOf = (node: ClusterNode) => {
    if (action.kind !== 'image') return undefined
    return snapshot.images.get((action.image ?? node.imageName ?? '') as ImageName)?.provmethod
  }
  const nodes = names.flatMap((name) => snapshot.node(name) ?? [])
  return runPrescripts({
    when,
    action: action.word,
    nodes,
    provmethodOf,
    view: context.store,
    directory: `${snapshot.site.installdir}/prescripts`,
    host: shortHostName(),
    verbose: verbose === true,
    dryRun: context.dryRun,
  })
}

interface Done {
  readonly set: readonly string[]
  readonly failed: boolean
  readonly output: readonly string[]
  readonly errors: readonly string[]
  readonly data: object
}

async function setStates(
  context: MethodContext,
  current: Compiled,
  names: readonly string[],
  action: Action,
): Promise<Done> {
  const failures = new Map<string, readonly string[]>()
  const targets: Target[] = []
  for (const name of names) {
    const target = targetOf(name, action, current.snapshot)
    if ('error' in target) failures.set(name, [target.error])
    else targets.push(target)
  }
  const outlook: Outlook = {
    snapshot: foreseen(context, current.snapshot, targets),
    answers: current.answers,
    findFile: openImageFiles().find,
    onDisk: lookAtImages(),
  }
  const warnings: string[] = []
  const good: Target[] = []
  for (const [index, target] of targets.entries()) {
    // DHCP and TFTP are answered between two nodes of a long list.
    if (index % 200 === 199) await new Promise((resolve) => setImmediate(resolve))
    const check = checkTarget(target, outlook)
    warnings.push(...check.warnings)
    if (check.errors.length > 0) failures.set(target.name, check.errors)
    else good.push(target)
  }
  const edited = await edit(context, (transaction) => applyTargets(transaction, good))
  return {
    set: good.map(({ name }) => name),
    failed: failures.size > 0,
    output: good.map((target) => `${target.name}: ${wordsOf(target)}`),
    errors: [
      ...warnings.map((text) => `Warning: ${text}`),
      ...edited.warnings,
      ...renderFailures(failures, current.snapshot),
    ],
    data: {
      nodes: good.map((target) => ({
        node: target.name,
        state: wordsOf(target),
        image: 'image' in target ? target.image.name : null,
      })),
      failed: Object.fromEntries(failures),
      changes: edited.changes,
      snapshot: edited.snapshot,
    },
  }
}

function targetOf(name: string, action: Action, snapshot: Snapshot): Target | { readonly error: string } {
  if (action.kind === 'state') return { name, word: action.word }
  const node = snapshot.node(name)
  if (!node) return { error: 'its rows could not be compiled' }
  const imageName = action.image ?? node.imageName
  if (imageName === undefined || ['install', 'netboot', 'statelite'].includes(imageName))
    return { error: NO_IMAGE_NAME }
  const image = snapshot.images.get(imageName as ImageName)
  if (!image) return { error: noSuchImage(imageName, snapshot) }
  return { name, image, arch: node.attribute('nodetype', 'arch'), learns: action.word === LEARN_WORD }
}

/** The nodes as they will be, without changing anything. */
function foreseen(context: MethodContext, current: Snapshot, targets: readonly Target[]): Snapshot {
  const { result } = context.store.transact(
    (transaction) => {
      applyTargets(transaction, targets)
      return compileSnapshot(transaction, current, current.number)
    },
    { author: context.caller.user, dryRun: true },
  )
  return result
}

/** Always on the node's own row: a group's value belongs to its other members too. */
function applyTargets(transaction: Transaction, targets: readonly Target[]): void {
  for (const target of targets) {
    const { name } = target
    if ('image' in target) {
      const { image } = target
      const type = { os: image.osvers, arch: image.osarch, profile: image.profile, provmethod: image.name }
      // What the image does not say stays as the node has it.
      const known = Object.entries(type).filter(([, value]) => value !== undefined)
      transaction.setRows('nodetype', { node: name }, Object.fromEntries(known) as Record<string, string>)
    }
    transaction.setRows('chain', { node: name }, { currstate: wordsOf(target) })
  }
}

function wordsOf(target: Target): string {
  if (!('image' in target)) return target.word
  return target.learns ? LEARN_WORD : stateLine(target.image)
}

function checkTarget(target: Target, outlook: Outlook): NodeCheck {
  const node = outlook.snapshot.node(target.name)
  if (!node) return { errors: ['its rows could not be compiled'], warnings: [] }
  if ('image' in target) return checkImageBoot(node, target.image, target.arch, outlook)
  const needsInitrd = target.word === 'shell' || target.word === 'shutdown'
  return needsInitrd ? checkInitrdBoot(node, outlook) : { errors: [], warnings: [] }
}

/** One line for each error, then xCAT's summary for each boot method concerned. */
function renderFailures(failures: ReadonlyMap<string, readonly string[]>, snapshot: Snapshot): string[] {
  const lines = [...failures].flatMap(([name, errors]) =>
    errors.map((error) => `${name}: Error: ${withoutName(error, name)}`),
  )
  const methods = new Set([...failures.keys()].map((name) => snapshot.node(name)?.netboot ?? 'boot'))
  const summaries = [...methods].map(
    (method) =>
      `Error: Failed to generate ${method} configurations for some node(s) on ${shortHostName()}. These nodes were not changed.`,
  )
  return [...lines, ...summaries]
}

/** Findings about one node begin with its name. */
function withoutName(error: string, name: string): string {
  return error.startsWith(`${name}: `) ? error.slice(name.length + 2) : error
}
