/** The kernel command line of a node: one function for every loader. */
import type { ClusterNode, Image, Snapshot } from '../cluster/model.ts'
import { type BootFinding, bootError } from './finding.ts'
import { limits } from './limits.ts'

/** What the statelite room compiled for this node. */
export interface KernelLineFacts {
  /** Mounted root: address literal, directory (…/rootimg), options asked for beyond `ro`. Packed root: where it is fetched. */
  readonly root:
    | { readonly server: string; readonly directory: string; readonly nfsrootopts: string }
    | { readonly url: string }
  /** `server:path` of the persistent area, or empty. */
  readonly statemnt: string
  /** Its mount options as the administrator wrote them, or empty. */
  readonly mntopts: string
  readonly planUrl: string
  readonly httpPort: number
}

export interface KernelLine {
  readonly commandLine: string
  /** BOOTIF= is already there: the loader must not add its own. */
  readonly hasBootif: boolean
}

/** Arguments that only the server writes. */
const OWNED = [
  ...[
    'root',
    'imgurl',
    'STATEMNT',
    'NODE',
    'liteboot.plan',
    'liteboot.run',
    'liteboot.discover',
    'XCATHTTPPORT',
    'MNTOPTS',
  ],
] as const

/** In xCAT's order, the plan's URL standing where XCAT= stood; later arguments override earlier ones. */
export function compileKernelLine(
  node: ClusterNode,
  image: Image,
  snapshot: Snapshot,
  facts: KernelLineFacts,
): KernelLine | { readonly findings: readonly BootFinding[] } {
  return finishLine(node, [
    rootArgument(facts),
    `STATEMNT=${facts.statemnt}`,
    ...serverArguments(node, snapshot, facts),
    bootInterface(node, image),
    consoles(node, image),
    ...(needsSelinuxOff(image.osvers) ? ['selinux=0'] : []),
    `MNTOPTS=${facts.mntopts}`,
    ...ownArguments(node, image),
  ])
}

/** As xCAT writes it: `imgurl=` for a root that is fetched whole. */
function rootArgument({ root }: KernelLineFacts): string {
  if ('url' in root) return `imgurl=${root.url}`
  const server = root.server.includes(':') ? `[${root.server}]` : root.server
  const options = root.nfsrootopts === '' ? 'ro' : `ro,${root.nfsrootopts}`
  return `root=nfs:${server}:${root.directory}:${options}`
}

/** Kernel and initrd alone, for what the initrd does by itself: a shell on the console, or switching the node off. */
export function compileInitrdLine(
  node: ClusterNode,
  image: Image,
  snapshot: Snapshot,
  facts: { readonly run: 'shell' | 'shutdown'; readonly planUrl: string; readonly httpPort: number },
): KernelLine | { readonly findings: readonly BootFinding[] } {
  return finishLine(node, [
    `liteboot.run=${facts.run}`,
    ...serverArguments(node, snapshot, facts),
    bootInterface(node, image),
    consoles(node, image),
    ...ownArguments(node, image),
  ])
}

/** Kernel and initrd alone, to take stock of a machine that no table knows and to wait there until it is adopted. */
export function compileDiscoveryLine(
  stranger: ClusterNode,
  image: Image,
  url: string,
): KernelLine | { readonly findings: readonly BootFinding[] } {
  return finishLine(stranger, ['liteboot.run=discover', `liteboot.discover=${url}`, consoles(stranger, image)])
}

/** Arguments, or why there are none. */
type LinePart = string | string[] | BootFinding

function serverArguments(
  node: ClusterNode,
  snapshot: Snapshot,
  { planUrl, httpPort }: { readonly planUrl: string; readonly httpPort: number },
): string[] {
  const quiet = snapshot.site.nodestatus ? [] : ['nonodestatus']
  return [`liteboot.plan=${planUrl}`, `NODE=${node.name}`, ...quiet, `XCATHTTPPORT=${httpPort}`]
}

function ownArguments(node: ClusterNode, image: Image): LinePart[] {
  return [
    addedArguments(node, `${node.name}: bootparams row`, node.attribute('bootparams', 'addkcmdline')),
    addedArguments(node, `linuximage row imagename=${image.name}`, image.attribute('addkcmdline')),
  ]
}

function finishLine(
  node: ClusterNode,
  parts: readonly LinePart[],
): KernelLine | { readonly findings: readonly BootFinding[] } {
  const words: string[] = []
  const findings: BootFinding[] = []
  for (const part of parts) {
    if (typeof part === 'string') words.push(part)
    else if (Array.isArray(part)) words.push(...part)
    else findings.push(part)
  }
  const commandLine = words.join(' ')
  const size = Buffer.byteLength(commandLine)
  if (size > limits.commandLineBytes) {
    const message = `the kernel command line has ${size} bytes, the kernel takes ${limits.commandLineBytes}`
    findings.push(bootError(`${node.name}: kernel command line`, message, 'shorten addkcmdline'))
  }
  if (findings.length > 0) return { findings }
  return { commandLine, hasBootif: words.some((word) => word.startsWith('BOOTIF=')) }
}

const HARDWARE_ADDRESS = /^[0-9a-f]{2}([:-][0-9a-f]{2}){5,19}$/i

/** installnic, primarynic or nodebootif name the boot interface; a POWER loader adds no BOOTIF, so it is written here. */
function bootInterface(node: ClusterNode, image: Image): string[] | BootFinding {
  const named = [
    node.attribute('noderes', 'installnic'),
    node.attribute('noderes', 'primarynic'),
    image.attribute('nodebootif'),
  ]
    .map((cell) => cell?.trim() ?? '')
    .find((cell) => cell !== '' && cell !== 'mac')
  if (named !== undefined && HARDWARE_ADDRESS.test(named)) {
    return [`BOOTIF=${named.toLowerCase().replaceAll('-', ':')}`]
  }
  if (named !== undefined) {
    // Linux interface names: at most 15 bytes, no blank, no slash.
    if (/^[A-Za-z0-9][A-Za-z0-9._:@-]{0,14}$/.test(named)) return [`netdev=${named}`]
    const message = `boot interface ${JSON.stringify(named)} is neither an interface name nor a hardware address`
    return bootError(`${node.name}: noderes row`, message, 'correct installnic, primarynic or linuximage.nodebootif')
  }
  if (!(node.arch ?? image.osarch ?? '').includes('ppc')) return []
  const port = node.ports.find((candidate) => candidate.ip !== undefined && !candidate.refused) ?? node.ports[0]
  // Twenty bytes are InfiniBand: no loader and no initrd writes those as BOOTIF, the initrd tries such cards by itself.
  return port === undefined || port.mac.length !== 17 ? [] : [`BOOTIF=${port.mac}`]
}

/**
 * What Linux calls serial ports: the hypervisor's on POWER; on ARM what the Server Base System Architecture prescribes, a PL011.
 * An ARM machine with 16550 ports says so with addkcmdline, which stands behind this.
 */
function consoleDevice(arch: string): string {
  if (arch.startsWith('ppc64')) return 'hvc'
  return arch === 'aarch64' ? 'ttyAMA' : 'ttyS'
}

/** nodehm.serialport and serialspeed; n8r asks for hardware flow control. */
function consoles(node: ClusterNode, image: Image): string[] | BootFinding {
  const port = node.attribute('nodehm', 'serialport')?.trim() ?? ''
  if (port === '') return []
  const where = `${node.name}: nodehm row`
  if (!/^[0-9]{1,3}$/.test(port)) return bootError(where, `serialport ${port} is not a number`, 'write 0 for the first')
  const speed = node.attribute('nodehm', 'serialspeed')?.trim() ?? ''
  if (speed === '') {
    const message = `serialport defined, but no serialspeed for ${node.name} in nodehm table`
    return bootError(where, message, `chdef ${node.name} serialspeed=115200`)
  }
  if (!/^[0-9]{1,7}$/.test(speed)) return bootError(where, `serialspeed ${speed} is not a number`, 'write 115200')
  const flow = /hard|tcs|ctsrts/.test(node.attribute('nodehm', 'serialflow') ?? '') ? 'n8r' : ''
  const device = consoleDevice(node.arch ?? image.osarch ?? '')
  return ['console=tty0', `console=${device}${port},${speed}${flow}`]
}

/** Files copied into tmpfs carry no labels: the RHEL family must run without SELinux. */
function needsSelinuxOff(osvers: string | undefined): boolean {
  return /^(rhels?|ol|alma|rocky|centos(-stream)?)(7|8|9|10)(\D|$)/.test(osvers ?? '')
}

/** addkcmdline: `R::` items are for installed systems and dropped; references to the node's attributes are replaced. */
function addedArguments(node: ClusterNode, where: string, cell: string | undefined): string[] | BootFinding {
  const text = expandAttributes(node, cell ?? '')
  if ('fault' in text)
    return bootError(where, `addkcmdline: ${text.fault}`, 'set the attribute, or correct addkcmdline')
  const bad = badCharacter(text.value)
  if (bad !== undefined) return bootError(where, `addkcmdline has ${bad}`, 'remove it')
  const added: string[] = []
  for (const argument of text.value.split(' ')) {
    if (argument === '' || argument.startsWith('R::')) continue
    const name = argument.split('=', 1)[0] ?? ''
    if (argument.includes('=') && OWNED.some((owned) => owned === name)) {
      return bootError(where, `addkcmdline has ${name}=, which the server writes`, 'remove it')
    }
    added.push(argument)
  }
  return added
}

/** `#NODEATTRIB:<table>:<column>#` and `#TABLE:<table>:$NODE:<column>#`, in every loader's file alike. */
function expandAttributes(node: ClusterNode, text: string): { readonly value: string } | { readonly fault: string } {
  let missing: string | undefined
  const value = text.replace(
    /#(?:NODEATTRIB:([A-Za-z]+):|TABLE:([A-Za-z]+):\$NODE:)([A-Za-z_]+)#/g,
    (_match, first: string | undefined, second: string | undefined, column: string) => {
      const table = first ?? second ?? ''
      const found = node.attribute(table, column)
      if (found === undefined) missing ??= `${table}.${column} is not set for ${node.name}`
      return found ?? ''
    },
  )
  return missing === undefined ? { value } : { fault: missing }
}

// Each loader has its own quoting; what none of them needs is refused, the rest is quoted by the loader's renderer.
function badCharacter(text: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\u0000-\u001f\u007f-\u009f]/.test(text)) return 'a control character or a line break'
  const found = /["'`\\]|\$\{|[^ -~]/.exec(text)
  return found === null ? undefined : `the character ${found[0]}`
}
