/** Checks of values that only together make a boot: architecture and loader, serial port and speed. */
import { rememberCheck } from './check-memo.ts'
import type { Finding } from './findings.ts'
import { nearestName } from './nearest-name.ts'
import { type Attribute, nodeKinds, originOf } from './node-kinds.ts'
import { foldNodeNames } from './noderange-fold.ts'
import { createResolver, type Resolver } from './resolve.ts'
import { cell, enabledRows, indexRows, type TablesView } from './row.ts'

export const ARCHITECTURES = ['x86_64', 'x86', 'i386', 'ppc64', 'ppc64le', 'aarch64', 's390x', 'armv7l']

const GRUB = ['grub2', 'grub2-http', 'grub2-tftp']
const LOADERS: readonly (readonly [arch: RegExp, netboot: readonly string[]])[] = [
  [/^(x86|i[3-6]86)/, ['xnba', 'ipxe', 'ipxe-drivers', 'pxe', 'pxelinux', 'pxe-http', 'pxe-tftp', ...GRUB]],
  [/^ppc64/, ['petitboot', 'yaboot', ...GRUB]],
  [/^aarch64/, ['xnba', 'ipxe', 'ipxe-drivers', ...GRUB]],
]
const NETBOOTS = [...new Set(LOADERS.flatMap(([, words]) => words))]

const NETBOOT: Attribute = ['noderes', 'netboot']
const SPEED: Attribute = ['nodehm', 'serialspeed']
const PORT: Attribute = ['nodehm', 'serialport']

export const checkBoots = rememberCheck(
  ['nodelist', 'nodetype', 'noderes', 'nodehm', 'osimage', 'site'],
  (view): readonly Finding[] => {
    const resolver = createResolver(view)
    return [...checkArchitectures(view), ...checkLoaders(view, resolver), ...checkConsoles(view, resolver)]
  },
)

function checkArchitectures(view: TablesView): Finding[] {
  const check = (table: string, key: string, column: string) =>
    enabledRows(view, table).flatMap((row): Finding[] => {
      const arch = cell(row, column)
      if (arch === '' || /^[|/]/.test(arch) || ARCHITECTURES.includes(arch)) return []
      const message = `architecture "${arch}" is not known`
      const near = nearestName(arch, ARCHITECTURES)
      const remedy = near === undefined ? `use one of ${ARCHITECTURES.join(' ')}` : `did you mean ${near}?`
      return [
        { severity: 'warning', code: 'unknown-arch', table, row: `${key}=${cell(row, key)}`, column, message, remedy },
      ]
    })
  return [...check('osimage', 'imagename', 'osarch'), ...check('nodetype', 'node', 'arch')]
}

function checkLoaders(view: TablesView, resolver: Resolver): Finding[] {
  const images = indexRows(view.read('osimage'), 'imagename')
  const findings = new Map<string, { finding: Finding; nodes: string[] }>()
  for (const { nodes, values } of nodeKinds(
    view,
    [NETBOOT, ['nodetype', 'arch'], ['nodetype', 'provmethod']],
    resolver,
  )) {
    const [netboot, own, image] = values
    if (netboot === undefined) continue
    const osimage = images.get(image ?? '')?.[0]
    const arch = own ?? (osimage === undefined ? '' : cell(osimage, 'osarch'))
    const allowed = LOADERS.find(([pattern]) => pattern.test(arch))?.[1]
    const isKnown = NETBOOTS.includes(netboot)
    if (isKnown && (allowed === undefined || allowed.includes(netboot))) continue
    const near = nearestName(netboot, NETBOOTS)
    const finding: Finding = {
      severity: 'warning',
      code: isKnown ? 'unsuited-netboot' : 'unknown-netboot',
      table: 'noderes',
      row: `node=${originOf(resolver, nodes[0] as string, NETBOOT)}`,
      column: 'netboot',
      message: isKnown ? `${netboot} does not boot ${arch} machines` : `"${netboot}" is no boot loader`,
      remedy: isKnown || near === undefined ? `use one of ${(allowed ?? NETBOOTS).join(' ')}` : `did you mean ${near}?`,
    }
    addNodes(findings, finding, nodes)
  }
  return withNodes(findings)
}

function checkConsoles(view: TablesView, resolver: Resolver): Finding[] {
  const findings = new Map<string, { finding: Finding; nodes: string[] }>()
  for (const { nodes, values } of nodeKinds(view, [PORT, SPEED], resolver)) {
    const [port, speed] = values
    if (port === undefined || speed !== undefined) continue
    const row = `node=${originOf(resolver, nodes[0] as string, PORT)}`
    const message = 'serialport is set, but serialspeed is not: the boot is refused'
    const remedy = 'set serialspeed, for example 115200'
    addNodes(
      findings,
      { severity: 'warning', code: 'no-serialspeed', table: 'nodehm', row, column: 'serialspeed', message, remedy },
      nodes,
    )
  }
  return withNodes(findings)
}

type Gathered = Map<string, { finding: Finding; nodes: string[] }>

function addNodes(gathered: Gathered, finding: Finding, nodes: readonly string[]): void {
  const key = JSON.stringify(finding)
  const same = gathered.get(key)
  if (same) for (const node of nodes) same.nodes.push(node)
  else gathered.set(key, { finding, nodes: [...nodes] })
}

/** A group's row speaks for many nodes: said once, with all of them. */
function withNodes(gathered: Gathered): Finding[] {
  return [...gathered.values()].map(({ finding, nodes }) =>
    finding.row === `node=${nodes.join()}`
      ? finding
      : { ...finding, message: `${finding.message} (${shortNames(nodes)})` },
  )
}

const MOST_CHARACTERS = 120

export function shortNames(nodes: readonly string[]): string {
  const folded = foldNodeNames(nodes)
  if (folded.length <= MOST_CHARACTERS) return folded
  const cut = folded.lastIndexOf(',', MOST_CHARACTERS)
  return `${folded.slice(0, cut > 0 ? cut : MOST_CHARACTERS)},… ${nodes.length} nodes`
}
