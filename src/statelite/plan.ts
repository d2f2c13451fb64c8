/** The plan of one node (docs/reference/plan.md): typed, and compiled from the tables. */
import { createHash } from 'node:crypto'
import { isStateless } from '../cluster/images.ts'
import type { ClusterNode, Image, Network, NodePort, Site, Snapshot } from '../cluster/model.ts'
import { compileStatelite } from './compile.ts'
import type { StateliteContext } from './context.ts'
import { errorFinding, type Finding, hasErrors, warningFinding } from './finding.ts'
import { chosenEntries, type PlanEntry, renderBootName } from './generations.ts'
import { isLearning, LEARN_LAYER_SIZE } from './learn.ts'
import type { LocalDisk } from './local-disk.ts'
import type { RamdiskRoot } from './packed-root.ts'
import { isPlainName } from './persistent.ts'
import { bracketed, resolveServer } from './servers.ts'

export interface PlanMount {
  readonly server: string
  readonly directory: string
  readonly options: string
}

export interface Plan {
  readonly node: string
  readonly server: { readonly address: string; readonly httpPort: number }
  /** undefined: reports are off (site.nodestatus). */
  readonly report: string | undefined
  readonly image: { readonly name: string; readonly revision: string }
  readonly root: (PlanMount & { readonly type: 'nfs' }) | RamdiskRoot
  /** Octal digits. */
  readonly stateliteMode: string
  /** Writes go to an overlay of that size, and what was written to that URL. */
  readonly learn: { readonly url: string; readonly size: string } | undefined
  readonly persistent: PlanMount | undefined
  readonly localDisk: PlanLocalDisk | undefined
  readonly trees: readonly {
    readonly priority: number
    readonly server: string | undefined
    readonly directory: string
    readonly options: string
    readonly required: boolean
  }[]
  readonly entries: readonly PlanEntry[]
  readonly hostname: { readonly name: string; readonly domain: string | undefined }
  readonly machineId: string
  readonly interface: {
    readonly mac: string
    readonly address: string
    readonly prefixLength: number
    readonly gateway: string | undefined
    readonly mtu: number | undefined
  }
  readonly nameservers: readonly string[]
}

export type PlanLocalDisk = Omit<LocalDisk, 'script'> & {
  /** Where the script of the script form is fetched. */
  readonly script: { readonly url: string; readonly sha256: string } | undefined
}

export type CompiledPlan =
  | { readonly plan: Plan; readonly warnings: readonly Finding[] }
  | { readonly plan?: never; readonly findings: readonly Finding[] }

/** The plan, or everything that stands in its way. Pure: the same snapshot and context give the same plan. */
export function compilePlan(node: ClusterNode, snapshot: Snapshot, context: StateliteContext): CompiledPlan {
  const statelite = compileStatelite(node, snapshot, context)
  const port = planInterface(node, snapshot)
  const findings = [
    ...checkName(node),
    ...statelite.findings,
    ...('severity' in port ? [port] : checkDomain(node, port)),
  ]
  if (statelite.image === undefined || 'severity' in port) return { findings }
  const { image, root, persistent } = statelite
  if (!isPlainName(image.name)) {
    const message = `image name ${JSON.stringify(image.name)} cannot stand in a URL`
    findings.push(errorFinding(`osimage row imagename=${image.name}`, message, 'use letters, digits, . _ and -'))
  }
  const mode = stateliteMode(image)
  if (typeof mode !== 'string') findings.push(mode)
  const learns = isLearning(node)
  if (learns && image.rootfstype !== 'nfs') findings.push(learnsFromNfs(node, image))
  if (root === undefined || typeof mode !== 'string' || hasErrors(findings)) return { findings }
  const generation = context.generationOf?.(image.rootimgdir)
  const chosen = isStateless(image) ? undefined : chosenEntries(statelite.revision, generation)
  if (chosen !== undefined) {
    const message = `generation ${generation?.number} is booted as it was prepared; the litefile rows have changed since`
    const advice = `liteboot image promote ${image.name} <the newest>, or undo the edits`
    findings.push(warningFinding(`osimage row imagename=${image.name}`, message, advice))
  }
  const plan: Plan = {
    node: node.name,
    server: { address: context.serverIp, httpPort: context.httpPort },
    report: snapshot.site.nodestatus ? reportUrl(node.name, context) : undefined,
    image: { name: image.name, revision: chosen?.revision ?? statelite.revision },
    root:
      root.type === 'ramdisk'
        ? root
        : { type: 'nfs', server: root.server, directory: root.directory, options: root.options },
    stateliteMode: mode,
    learn: learns ? { url: nodeUrl(node.name, 'learned', context), size: LEARN_LAYER_SIZE } : undefined,
    persistent:
      persistent === undefined
        ? undefined
        : { server: persistent.server, directory: persistent.directory, options: persistent.options },
    localDisk: planLocalDisk(node.name, statelite.localDisk, context),
    trees: statelite.trees.map(({ priority, server, directory, options, required }) => ({
      priority,
      server,
      directory,
      options,
      required,
    })),
    entries: (chosen?.entries ?? statelite.entries).map(({ option, path, parent }) => ({ option, path, parent })),
    hostname: { name: node.name, domain: port.domain },
    machineId: machineIdOf(node.name, snapshot.site),
    interface: port.interface,
    nameservers: nameserversOf(node, port.network, snapshot, context),
  }
  return { plan, warnings: findings }
}

function nodeUrl(node: string, what: string, context: Pick<StateliteContext, 'serverIp' | 'httpPort'>): string {
  const port = context.httpPort === 80 ? '' : `:${context.httpPort}`
  return `http://${bracketed(context.serverIp)}${port}/node/v1/${node}/${what}`
}

/** @param boot the image and generation whose kernel asks: it must get the plan of the same one */
export function planUrl(
  node: string,
  context: Pick<StateliteContext, 'serverIp' | 'httpPort'>,
  boot?: { readonly image: string; readonly number: number },
): string {
  const url = nodeUrl(node, 'plan', context)
  return boot === undefined ? url : `${url}?boot=${renderBootName(boot.image, boot.number)}`
}

export function reportUrl(node: string, context: Pick<StateliteContext, 'serverIp' | 'httpPort'>): string {
  return nodeUrl(node, 'report', context)
}

export function partitionScriptUrl(node: string, context: Pick<StateliteContext, 'serverIp' | 'httpPort'>): string {
  return nodeUrl(node, 'partition-script', context)
}

function planLocalDisk(
  node: string,
  localDisk: LocalDisk | undefined,
  context: StateliteContext,
): PlanLocalDisk | undefined {
  if (localDisk === undefined) return undefined
  const { script } = localDisk
  const url = partitionScriptUrl(node, context)
  return { ...localDisk, script: script && { url, sha256: script.sha256 } }
}

/** A root in memory takes writes by itself, and nothing would be learned of them. */
function learnsFromNfs(node: ClusterNode, image: Image): Finding {
  const message = `learning needs an image with rootfstype=nfs, ${image.name} has ${image.rootfstype}`
  return errorFinding(`${node.name}: chain row`, message, `nodeset ${node.name} osimage`)
}

function checkName(node: ClusterNode): Finding[] {
  if (isPlainName(node.name)) return []
  const message = `node name ${JSON.stringify(node.name)} cannot stand in a URL or a kernel argument`
  return [errorFinding(`${node.name}: nodelist row`, message, 'use letters, digits, . _ and -')]
}

interface PlanPort {
  readonly interface: Plan['interface']
  readonly network: Network
  readonly domain: string | undefined
}

function checkDomain(node: ClusterNode, { domain }: PlanPort): Finding[] {
  if (domain === undefined || isPlainName(domain)) return []
  const message = `domain ${JSON.stringify(domain)} is not a domain name`
  return [errorFinding(`${node.name}: networks and site rows`, message, 'correct networks.domain or site.domain')]
}

/** The port that holds the node's address is the boot port. */
function planInterface(node: ClusterNode, snapshot: Snapshot): PlanPort | Finding {
  const boot: NodePort | undefined = node.ports.find((port) => port.ip !== undefined && !port.refused)
  if (node.ports.length === 0) {
    return errorFinding(`${node.name}: mac row`, 'no hardware address', `chdef ${node.name} mac=<address>`)
  }
  const ip = boot?.ip ?? node.ip
  const port = boot ?? node.ports.find((candidate) => !candidate.refused)
  if (port === undefined) {
    return errorFinding(`${node.name}: mac row`, 'every hardware address is refused (*NOIP*)', 'add one that is not')
  }
  if (ip === undefined) {
    return errorFinding(`${node.name}: hosts row`, 'no address', `chdef ${node.name} ip=<address>`)
  }
  const network = snapshot.networkOf(ip)
  if (network === undefined) {
    return errorFinding(`${node.name}: hosts row`, `no network contains ${ip}`, 'add a networks row for it')
  }
  const { prefixLength, gateway, mtu } = network
  const domain = network.domain ?? snapshot.site.domain
  return { interface: { mac: port.mac, address: ip, prefixLength, gateway, mtu }, network, domain }
}

function stateliteMode(image: Image): string | Finding {
  const mode = image.attribute('permission')?.trim() || '755'
  if (/^[0-7]{3,4}$/.test(mode)) return mode
  const where = `linuximage row imagename=${image.name}`
  return errorFinding(where, `permission ${JSON.stringify(mode)} is not an octal mode`, 'write 755 or the like')
}

/**
 * The same at every boot and different on every node, without any state on the server: systemd takes 32 hex digits and
 * asks for the version and variant of a random UUID (machine-id(5), RFC 9562 §5.4). `site.clusterid` or the domain keeps
 * clusters that use the same node names apart.
 */
export function machineIdOf(node: string, site: Site): string {
  const cluster = site.get('clusterid') ?? site.domain ?? ''
  const bytes = createHash('sha256').update(`liteboot machine-id\n${cluster}\n${node}\n`).digest().subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex')
}

/** noderes.nameservers, else the network's, else the site's. What is no address and no known name is left out. */
function nameserversOf(node: ClusterNode, network: Network, snapshot: Snapshot, context: StateliteContext): string[] {
  const own = (node.attribute('noderes', 'nameservers') ?? '').split(/[\s,]+/).filter((name) => name !== '')
  const names = [own, network.nameservers, snapshot.site.nameservers].find((list) => list.length > 0) ?? []
  const addresses = names.map((name) =>
    name === '<xcatmaster>' ? context.serverIp : resolveServer(name, snapshot, context.resolve),
  )
  return [...new Set(addresses.filter((address) => address !== undefined))]
}
