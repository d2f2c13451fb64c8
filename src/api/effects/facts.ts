/** What one node is answered at its next boot, as short facts that can be compared: the DHCP answer, the boot file, the plan. */
import { whyNotBootPort } from '../../boot/boot-port.ts'
import { classifyFirmware, type Firmware } from '../../boot/firmware.ts'
import { chooseLoader } from '../../boot/loader.ts'
import type { Answer, NodeAnswers } from '../../boot/node-answers.ts'
import { type BootState, bootStateOf, stateLine } from '../../boot/state.ts'
import type { ClusterNode, Image, Ipv4, NodePort, Snapshot } from '../../cluster/model.ts'
import { INFINITE_LEASE_SECONDS, nfsRootLeaseSeconds } from '../../cluster/nfs-root-lease.ts'
import { isProxied } from '../../cluster/proxy-networks.ts'
import type { StateliteContext } from '../../statelite/context.ts'
import { renderFinding } from '../../statelite/finding.ts'
import { isLearning } from '../../statelite/learn.ts'
import type { Plan, PlanMount } from '../../statelite/plan.ts'

export type FactPart = 'state' | 'dhcp' | 'boot file' | 'plan'

/** `part` TAB `what` → value. A fact that does not apply is not there. */
export type Facts = ReadonlyMap<string, string>

export function factKey(part: FactPart, what: string): string {
  return `${part}\t${what}`
}

/** Compared word by word. */
export const COMMAND_LINE = factKey('boot file', 'command line')

/** Why there is no boot file. */
export const REFUSED = factKey('boot file', 'refused')

type Put = (part: FactPart, what: string, value: string | number | undefined) => void

export function compileFacts(node: ClusterNode, snapshot: Snapshot, answers: NodeAnswers): Facts {
  const facts = new Map<string, string>()
  const put: Put = (part, what, value) => {
    if (value !== undefined && value !== '') facts.set(factKey(part, what), String(value))
  }
  const context = answers.context(node, snapshot)
  const state = bootStateOf(node)
  put(
    'state',
    'next boot',
    state === 'image' ? `image ${node.imageName}${isLearning(node) ? ', learning' : ''}` : NEXT_BOOT[state],
  )
  putDhcp(node, snapshot, 'value' in context ? context.value : undefined, put)
  if (state === 'image') putImageBoot(node, snapshot, answers, context, put)
  return facts
}

const NEXT_BOOT: Readonly<Record<Exclude<BootState, 'image'>, string>> = {
  disk: 'next device',
  none: 'nothing',
  shell: 'shell on the console',
  shutdown: 'switch off',
}

function firmware(description: string, architecture: number): readonly [string, Firmware] {
  const hints = { architectures: [architecture], vendorClass: undefined, userClasses: [], ipxeOptions: false }
  return [description, classifyFirmware(hints)]
}

const X86 = [firmware('BIOS', 0), firmware('UEFI', 7), firmware('UEFI HTTP', 16)]
const POWER = [firmware('OPAL', 14), firmware('Open Firmware', 12)]
const ARM = [firmware('UEFI', 11), firmware('UEFI HTTP', 19)]
const IPXE: readonly [string, Firmware] = [
  'iPXE',
  classifyFirmware({ architectures: [], vendorClass: undefined, userClasses: ['iPXE'], ipxeOptions: true }),
]

/** Firmware that a node of this architecture can have. */
export function firmwareOf(arch: string | undefined): readonly (readonly [name: string, firmware: Firmware])[] {
  if (arch?.startsWith('ppc64')) return POWER
  return arch === 'aarch64' ? ARM : [...X86, IPXE]
}

/** What chooseLoader must know of the server. */
export function loaderServer(node: ClusterNode, snapshot: Snapshot, context: StateliteContext) {
  const network = node.ip === undefined ? undefined : snapshot.networkOf(node.ip)
  return {
    address: context.serverIp as Ipv4,
    httpPort: context.httpPort,
    networkTftpserver: network?.tftpserver,
    resolve: (name: string) =>
      /^\d+\.\d+\.\d+\.\d+$/.test(name) ? (name as Ipv4) : (snapshot.node(name)?.ip ?? undefined),
    hasImage: (name: Image['name']) => snapshot.images.has(name),
  }
}

function putDhcp(node: ClusterNode, snapshot: Snapshot, context: StateliteContext | undefined, put: Put): void {
  for (const port of node.ports) put('dhcp', `address for ${port.mac}`, addressOf(port, snapshot))
  const network = node.ip === undefined ? undefined : snapshot.networkOf(node.ip)
  if (node.ports.length === 0 || network === undefined) return
  put('dhcp', 'network', `${network.net}/${network.prefixLength}`)
  put('dhcp', 'router', network.gateway)
  const { site } = snapshot
  const first = (own: readonly string[], common: readonly string[]) => (own.length > 0 ? own : common).join(',')
  put('dhcp', 'name servers', first(network.nameservers, site.nameservers))
  put('dhcp', 'time servers', first(network.ntpservers, site.ntpservers))
  put('dhcp', 'log servers', network.logservers.join(','))
  put('dhcp', 'domain', network.domain ?? site.domain)
  put('dhcp', 'MTU', network.mtu)
  put('dhcp', 'lease seconds', site.leaseSeconds)
  const ownLease = nfsRootLeaseSeconds(node, snapshot)
  put('dhcp', 'lease of the running system', ownLease === INFINITE_LEASE_SECONDS ? 'for ever' : ownLease)
  if (context === undefined) return
  const server = loaderServer(node, snapshot, context)
  for (const [name, kind] of firmwareOf(node.arch)) {
    const { file, siaddr, configurationFile } = chooseLoader(kind, node, server)
    if (file !== undefined) put('dhcp', `loader for ${name}`, /^http:/.test(file) ? file : `${file} from ${siaddr}`)
    if (configurationFile !== file) put('dhcp', `configuration for ${name}`, configurationFile)
  }
}

function addressOf(port: NodePort, snapshot: Snapshot): string {
  const { ip, refused } = port
  if (refused) return 'refused'
  if (ip === undefined) return 'none'
  const network = snapshot.networkOf(ip)
  if (network === undefined) return `none (no network contains ${ip})`
  const boots = whyNotBootPort(port) === undefined ? '' : ', nothing to boot'
  return isProxied(snapshot, network) ? `of another DHCP server, as site.proxydhcp says${boots}` : `${ip}${boots}`
}

function putImageBoot(
  node: ClusterNode,
  snapshot: Snapshot,
  answers: NodeAnswers,
  context: Answer<StateliteContext>,
  put: Put,
): void {
  const compiled = 'findings' in context ? context : answers.plan(node, snapshot)
  const line = 'plan' in compiled && compiled.plan !== undefined ? answers.kernelLine(node, snapshot) : compiled
  const findings = 'findings' in compiled ? compiled.findings : 'findings' in line ? line.findings : []
  const errors = findings.filter(({ severity }) => severity === 'error').map(renderFinding)
  put('boot file', 'refused', errors.join('; '))
  if (!('plan' in compiled) || compiled.plan === undefined || !('value' in line)) return
  const image = node.imageName === undefined ? undefined : snapshot.images.get(node.imageName)
  if (image !== undefined) {
    put('boot file', 'title', stateLine(image))
    put('boot file', 'kernel', `${image.rootimgdir}/kernel`)
    put('boot file', 'initrd', `${image.rootimgdir}/initrd-statelite.gz`)
  }
  put('boot file', 'command line', line.value.commandLine)
  putPlan(compiled.plan, put)
}

function putPlan(plan: Plan, put: Put): void {
  put('plan', 'server', `${plan.server.address}:${plan.server.httpPort}`)
  put('plan', 'reports', plan.report === undefined ? 'off' : 'on')
  put('plan', 'image', plan.image.name)
  // A new revision: nodes refuse the image until liteimg has run.
  put('plan', 'revision of the entries', plan.image.revision)
  if (plan.root.type === 'nfs') putMount('root', plan.root, put)
  else put('plan', 'root', `${plan.root.url} (${plan.root.format})`)
  if (plan.learn !== undefined) put('plan', 'writes', `into an overlay of ${plan.learn.size}, for learning`)
  put('plan', 'mode of /.statelite', plan.stateliteMode)
  if (plan.persistent !== undefined) putMount('persistent directory', plan.persistent, put)
  for (const { priority, server, directory, options, required } of plan.trees) {
    if (server === undefined) put('plan', `tree ${priority}`, directory)
    else putMount(`tree ${priority}`, { server, directory, options }, put)
    if (required) put('plan', `tree ${priority} is required`, 'yes')
  }
  for (const { path, option } of plan.entries) put('plan', `entry ${path}`, option)
  const { hostname, interface: port } = plan
  put('plan', 'host name', hostname.domain === undefined ? hostname.name : `${hostname.name}.${hostname.domain}`)
  put('plan', 'machine id', plan.machineId)
  put('plan', 'interface', `${port.mac} ${port.address}/${port.prefixLength}`)
  put('plan', 'router', port.gateway)
  put('plan', 'MTU', port.mtu)
  put('plan', 'name servers', plan.nameservers.join(','))
}

function putMount(what: string, { server, directory, options }: PlanMount, put: Put): void {
  put('plan', what, `${server}:${directory}`)
  put('plan', `options of ${what}`, options)
}
