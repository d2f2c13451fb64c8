/** adopt: a machine that waits becomes a node that is defined. All of what was asked for is done, or nothing. */
import type { MacAddress, Snapshot } from '../../../cluster/model.ts'
import { type Candidate, matchMachines, type Pair } from '../../../discovery/adopt.ts'
import { type DiscoveredMachine, isWaiting } from '../../../discovery/machine.ts'
import type { Transaction } from '../../../store/store.ts'
import { createResolver, type Resolver } from '../../../tables/resolve.ts'
import { cell, indexRows, type TablesView } from '../../../tables/row.ts'
import { OperatorError } from '../../errors.ts'
import { commandResult } from '../../protocol.ts'
import type { Method } from '../context.ts'
import { edit } from '../edit.ts'
import { expandKnown } from '../per-node.ts'
import { allMachines, machineNamed } from './find.ts'
import { METHOD_OF_ORDER } from './words.ts'

interface Plan {
  readonly pairs: readonly Pair[]
  readonly left: readonly { readonly node: string; readonly why: string }[]
  readonly method: string
  /** Machines that wait still. */
  readonly waiting: number
}

export const adopt: Method<'discovery.adopt'> = async (context, params) => {
  const { noderange, by = 'order', machine, replace } = params
  const nowMs = Date.now()
  const { snapshot } = await context.compiled()
  const isFree = (one: DiscoveredMachine) => isWaiting(one) && !ownerOf(snapshot, one.bootMac)
  const {
    result: plan,
    snapshot: live,
    warnings,
  } = await edit(context, (transaction) => {
    const nodes = expandKnown(transaction, noderange)
    const everything = allMachines(transaction)
    const waiting = everything.filter(isFree)
    const plan = ((): Plan => {
      if (machine !== undefined) {
        const pair = namedPair(snapshot, nodes, machineNamed(everything, machine), replace === true)
        return { pairs: [pair], left: [], method: 'manual', waiting: waiting.length }
      }
      if (replace) throw new OperatorError('LB_USAGE', '--replace goes with --mac, --uuid or --serial.')
      const candidates = candidatesOf(transaction, snapshot, nodes)
      const matched = matchMachines(by, candidates, waiting, (name) => addressesOf(snapshot, name))
      return { ...matched, method: METHOD_OF_ORDER[by], waiting: waiting.length }
    })()
    for (const { node, machine: one } of plan.pairs) refuseForeignPorts(snapshot, node, one)
    const resolver = createResolver(transaction)
    for (const pair of plan.pairs) bind(transaction, resolver, pair, plan.method, replace === true)
    return plan
  })
  const { pairs, left } = plan
  const verb = context.dryRun ? 'would become' : 'is'
  const lines = pairs.map(({ node, machine: one }) => `${node}: ${verb} ${one.bootMac}${describe(one)}`)
  const reasons = left.map(({ node, why }) => `${node}: not adopted: ${why}`)
  const stillWaiting = plan.waiting - pairs.length
  const rest = by === 'order' && machine === undefined && stillWaiting > 0 && pairs.length > 0
  const hints = [
    ...pairs.flatMap((pair) => hintsFor(snapshot, pair, plan.method === 'manual' ? undefined : nowMs)),
    ...(rest ? [`${stillWaiting} more wait: liteboot discovered`] : []),
  ]
  const data = {
    adopted: pairs.map(({ node, machine: { bootMac, uuid, serial } }) => ({ node, mac: bootMac, uuid, serial })),
    left,
    snapshot: live,
  }
  const errors = [...reasons, ...hints.map((hint) => `Warning: ${hint}`), ...warnings]
  return commandResult(lines, data, errors, pairs.length === 0 ? 1 : 0)
}

function ownerOf(snapshot: Snapshot, mac: string): string | undefined {
  return mac === '' ? undefined : snapshot.portByMac(mac as MacAddress)?.node.name
}

function namedPair(snapshot: Snapshot, nodes: readonly string[], machine: DiscoveredMachine, replace: boolean): Pair {
  const [node = '', ...others] = nodes
  if (others.length > 0 || node === '')
    throw new OperatorError('LB_USAGE', `One machine is one node; the range has ${nodes.length}.`)
  const owner = ownerOf(snapshot, machine.bootMac)
  if (owner !== undefined)
    throw new OperatorError(
      'LB_BAD_INPUT',
      `${machine.bootMac} is bound to ${owner} already`,
      `chdef ${owner} mac= takes it from there; the machine then asks again when it is restarted.`,
    )
  const macs = snapshot.node(node)?.ports.map(({ mac }) => mac) ?? []
  if (macs.length > 0 && !replace)
    throw new OperatorError(
      'LB_BAD_INPUT',
      `${node} has the hardware address ${macs.join(' ')} already`,
      'Add --replace if this machine takes the place of the other one.',
    )
  return { node, machine }
}

/** A port of the machine that is another node's: somebody has moved a card, or a name. Nothing is guessed. */
function refuseForeignPorts(snapshot: Snapshot, node: string, { ports, bootMac }: DiscoveredMachine): void {
  if (bootMac === '')
    throw new OperatorError('LB_BAD_INPUT', `the machine for ${node} has not said which port it boots from`)
  for (const { name, mac } of ports) {
    const owner = ownerOf(snapshot, mac)
    if (owner === undefined || owner === node) continue
    throw new OperatorError(
      'LB_BAD_INPUT',
      `${mac}, port ${name} of ${bootMac}, is bound to ${owner}: ${node} cannot be the same machine`,
      `chdef ${owner} mac= if that is out of date, or adopt the machine as ${owner}: adopt --mac ${bootMac} ${owner} --replace`,
    )
  }
}

function candidatesOf(view: TablesView, snapshot: Snapshot, nodes: readonly string[]): Candidate[] {
  const resolver = createResolver(view)
  const switches = indexRows(view.read('switch'), 'node')
  return nodes.map((name) => {
    const value = (table: string, column: string) => resolver.value(name, table, column)?.trim() ?? ''
    const rows = switches.get(name) ?? []
    // A group may name the switch and a pattern the port: then the node has no row of its own.
    const own = rows.map((row) => ({ switchName: cell(row, 'switch'), port: cell(row, 'port') }))
    const inherited = [{ switchName: value('switch', 'switch'), port: value('switch', 'port') }]
    return {
      name,
      macs: snapshot.node(name)?.ports.map(({ mac }) => mac) ?? [],
      serial: value('vpd', 'serial'),
      mtm: value('vpd', 'mtm'),
      switchPorts: (own.length > 0 ? own : inherited).filter(({ switchName, port }) => switchName && port),
    }
  })
}

/** A switch may be a node of the tables itself. */
function addressesOf(snapshot: Snapshot, switchName: string): string[] {
  const ip = snapshot.node(switchName)?.ip
  return ip === undefined ? [] : [ip]
}

function bind(
  transaction: Transaction,
  resolver: Resolver,
  { node, machine }: Pair,
  method: string,
  replaces: boolean,
): void {
  transaction.setRows('mac', { node }, { mac: machine.bootMac })
  const isUuid = !machine.uuid.startsWith('00000000-0000-0000-0000-')
  const known = { serial: machine.serial, mtm: machine.model, uuid: isUuid ? machine.uuid : '' }
  // What the tables say of the machine is the administrator's; only what they do not say is added. What they say of a
  // machine that is replaced is true no more.
  const isNews = ([column, text]: [string, string]) =>
    replaces
      ? text !== (resolver.value(node, 'vpd', column) ?? '')
      : text !== '' && !resolver.value(node, 'vpd', column)
  const news = Object.entries(known).filter(isNews)
  if (news.length > 0) transaction.setRows('vpd', { node }, Object.fromEntries(news))
  for (const row of transaction.read('discoverydata').filter((each) => cell(each, 'node') === node))
    if (cell(row, 'uuid') !== machine.uuid) transaction.deleteRows('discoverydata', { uuid: cell(row, 'uuid') })
  transaction.setRows('discoverydata', { uuid: machine.uuid }, { node, method })
}

function describe({ serial, vendor, model }: DiscoveredMachine): string {
  const words = [[vendor, model].filter(Boolean).join(' '), serial && `serial ${serial}`].filter(Boolean)
  return words.length > 0 ? ` (${words.join(', ')})` : ''
}

const SILENT_MS = 2 * 3600_000
const SILENT = 'if it is gone for good, liteboot undo and liteboot discovered --remove'

/** What would keep the adopted machine from booting, said while somebody looks. */
function hintsFor(snapshot: Snapshot, { node: name, machine }: Pair, nowMs: number | undefined): string[] {
  const node = snapshot.node(name)
  if (!node) return []
  const hints: string[] = []
  if (node.ip === undefined) hints.push(`${name} has no address: chdef ${name} ip=<address>`)
  if (node.imageName === undefined) hints.push(`${name} has no image: nodeset ${name} osimage=<image>`)
  // It asks for a week at most, and reports once an hour.
  if (nowMs !== undefined && nowMs - machine.lastSeenMs > SILENT_MS)
    hints.push(
      `${machine.bootMac} was last heard of ${new Date(machine.lastSeenMs).toISOString().slice(0, 16)}Z: ${SILENT}`,
    )
  const arch = node.arch?.replace('ppc64el', 'ppc64le')
  if (arch !== undefined && machine.arch !== '' && arch !== machine.arch)
    hints.push(`${name} is defined as ${node.arch}, and the machine is ${machine.arch}`)
  return hints
}
