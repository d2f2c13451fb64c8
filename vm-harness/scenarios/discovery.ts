/**
 * Discovery, in a virtual machine: a machine that no table knows boots the inventory environment, is listed with what is
 * printed on it and the switch port that it is plugged into, is adopted by that port, and comes up as the node by itself.
 *
 *   node vm-harness/scenarios/discovery.ts [--keep] [--directory DIR] [bios | uefi | aarch64 | slof | petitboot]
 */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { firstBootChecks } from '../demo/checklist.ts'
import { placeRoot } from '../demo/root.ts'
import {
  addImageContent,
  IMAGE,
  NODES,
  SERVER,
  type SitePaths,
  siteCommands,
  sitePaths,
  writeTree,
} from '../demo/site.ts'
import { FIRMWARE, type FirmwareName } from '../firmware.ts'
import { prepareSite } from '../matrix/site.ts'
import { makePetitboot } from '../petitboot/initrd.ts'
import { type Rehearsal, rehearse } from '../rehearsal.ts'

const IDENTITY = {
  manufacturer: 'Rehearsal',
  product: 'Model 7',
  serial: 'S0-4711',
  uuid: '6f5c1f0a-5bb6-4a5c-9f5e-0d3c1a2b3c4d',
} as const
const MAC = '52:54:00:77:00:0b'
const SWITCH = { name: 'rack1-sw', port: 'Ethernet1/7' } as const
const BOOT_TIMEOUT_MS = 300_000
const [node, other] = NODES
const RANGE = `${node.name},${other.name}`

interface Stranger {
  readonly word: string
  readonly firmware: FirmwareName
  /** Of the node that it becomes. */
  readonly netboot: string
  /** The firmware is handed this, which then boots from the network. */
  readonly loader?: 'petitboot'
  readonly memoryMiB: number
  /** What the timeline of the unknown machine must show that it was told. */
  readonly told: RegExp
}

/** The first is what runs without a word. */
const STRANGERS: readonly Stranger[] = [
  { word: 'bios', firmware: 'bios', netboot: 'xnba', memoryMiB: 1024, told: /dhcp +ACK +\S*\/boot\/ipxe\/_discovery/ },
  {
    ...{ word: 'uefi', firmware: 'uefi', netboot: 'xnba', memoryMiB: 1024 },
    told: /dhcp +ACK +snponly\.efi[\s\S]*dhcp +ACK +\S*\/boot\/ipxe\/_discovery/,
  },
  {
    ...{ word: 'aarch64', firmware: 'aavmf', netboot: 'grub2-http', memoryMiB: 1024 },
    told: /dhcp +ACK +boot\/efi\/_discovery-aarch64\/netbootaa64\.efi[\s\S]*http +get +\/image\/\S+\/initrd/,
  },
  {
    ...{ word: 'slof', firmware: 'slof', netboot: 'grub2-http', memoryMiB: 1024 },
    told: /dhcp +ACK +boot\/grub2\/grub2-_discovery/,
  },
  {
    ...{ word: 'petitboot', firmware: 'vof', netboot: 'petitboot', loader: 'petitboot', memoryMiB: 2048 },
    told: /dhcp +ACK +http:\S*\/boot\/petitboot\/_discovery/,
  },
]

interface Listed {
  readonly serial: string
  readonly model: string
  readonly vendor: string
  readonly uuid: string
  readonly arch: string
  readonly cpus: number
  readonly memoryMiB: number
  readonly bootMac: string
  readonly ip: string
  readonly disks: readonly { readonly bytes: number; readonly serial: string }[]
  readonly ports: readonly { readonly link: string; readonly switchName: string; readonly switchPort: string }[]
}

async function listed(rehearsal: Rehearsal): Promise<Listed | undefined> {
  // Boundary: the command's own documented output.
  const [machine] = JSON.parse(await rehearsal.quiet('discovered', '--json')) as Listed[]
  return machine
}

function strangerOf(words: readonly string[]): Stranger {
  const [word = 'bios', more] = words
  const found = STRANGERS.find((stranger) => stranger.word === word)
  if (found && more === undefined) return found
  throw new Error(`one of ${STRANGERS.map((stranger) => stranger.word).join(', ')}`)
}

async function prepareX86(rehearsal: Rehearsal): Promise<SitePaths> {
  const paths = sitePaths(rehearsal.directory)
  rehearsal.begin('lite', 'persistent', 'tftpboot')
  for (const words of siteCommands(paths)) await rehearsal.command(...words)
  await rehearsal.command('chdef', '-t', 'site', `tftpdir=${join(rehearsal.directory, 'tftpboot')}`)
  placeRoot(paths.image)
  writeTree(paths)
  addImageContent(paths)
  return paths
}

/** Nodes without hardware addresses, and a network that opts in. */
async function prepare(rehearsal: Rehearsal, { firmware, netboot }: Stranger): Promise<SitePaths> {
  const { arch } = FIRMWARE[firmware]
  const paths = arch === 'x86_64' ? await prepareX86(rehearsal) : await prepareSite(rehearsal, arch)
  await rehearsal.command('chdef', '-t', 'group', 'compute', `netboot=${netboot}`)
  await rehearsal.command('chdef', RANGE, 'mac=')
  await rehearsal.command('chdef', '-t', 'network', 'demo', 'dynamicrange=10.77.9.1-10.77.9.20')
  await rehearsal.command('chdef', '-t', 'site', 'discovery=demo', 'defserialport=0', 'defserialspeed=115200')
  await rehearsal.command('chdef', node.name, `switch=${SWITCH.name}`, 'switchport=7')
  await rehearsal.command('chdef', other.name, `switch=${SWITCH.name}`, 'switchport=8')
  await rehearsal.command('liteimg', IMAGE)
  // nodeset is for nodes that have a hardware address.
  await rehearsal.command('chdef', '-t', 'group', 'compute', `provmethod=${IMAGE}`)
  return paths
}

function judgeMachine(rehearsal: Rehearsal, machine: Listed, { firmware, memoryMiB }: Stranger): void {
  const { arch } = FIRMWARE[firmware]
  const { manufacturer, product, serial, uuid } = IDENTITY
  rehearsal.judge('UUID', uuid, machine.uuid)
  // The device tree of pseries has none of these.
  if (arch !== 'ppc64le') {
    rehearsal.judge('serial number', serial, machine.serial)
    rehearsal.judge('vendor and model', `${manufacturer} ${product}`, `${machine.vendor} ${machine.model}`)
  }
  rehearsal.judge('architecture and CPUs', `${arch} 1`, `${machine.arch} ${machine.cpus}`)
  rehearsal.judge('memory', 'true', String(machine.memoryMiB > 0.85 * memoryMiB && machine.memoryMiB <= memoryMiB))
  rehearsal.judge('the port that it booted from', `${MAC} up`, `${machine.bootMac} ${machine.ports[0]?.link}`)
  rehearsal.judge('a dynamic address', /^10\.77\.9\./, machine.ip)
  rehearsal.judge('its disk', `${3 * 1024 ** 3} DISK-1`, `${machine.disks[0]?.bytes} ${machine.disks[0]?.serial}`)
}

async function macOf(rehearsal: Rehearsal): Promise<string> {
  return /mac=(.*)/.exec(await rehearsal.quiet('lsdef', '-i', 'mac', '-c', node.name))?.[1] ?? ''
}

async function discovery(rehearsal: Rehearsal): Promise<void> {
  const stranger = strangerOf(rehearsal.words)
  const { firmware, memoryMiB, told } = stranger
  const paths = await prepare(rehearsal, stranger)
  const petitboot = join(rehearsal.runDirectory, 'petitboot')
  const handed = stranger.loader && (await makePetitboot(paths.image, petitboot))
  const disk = join(rehearsal.runDirectory, 'disk.img')
  execFileSync('truncate', ['-s', '3G', disk])
  const lab = await rehearsal.open(`${SERVER}/16`)

  rehearsal.say('a machine that no table knows is switched on')
  const disks = [{ file: disk, serial: 'DISK-1' }]
  const machine = await rehearsal.power({
    name: 'stranger',
    mac: MAC,
    firmware,
    memoryMiB,
    ...(handed ? { handed } : {}),
    identity: IDENTITY,
    disks,
  })
  const first = await rehearsal.until('the machine is listed', () => listed(rehearsal), BOOT_TIMEOUT_MS)
  rehearsal.say('it is listed')
  judgeMachine(rehearsal, first, stranger)

  rehearsal.say('now the switch speaks')
  const sender = join(import.meta.dirname, '../lldp-sender.py')
  const speaking = lab.spawn('python3', [sender, 'tap0', `${SWITCH.name}.example.org`, SWITCH.port], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  rehearsal.cleanUps.add(() => speaking.kill())
  const plugged = await rehearsal.until(
    'LLDP is seen',
    async () => (await listed(rehearsal))?.ports.find(({ switchName }) => switchName !== ''),
    BOOT_TIMEOUT_MS,
  )
  rehearsal.judge(
    'switch port',
    `${SWITCH.name}.example.org ${SWITCH.port}`,
    `${plugged.switchName} ${plugged.switchPort}`,
  )
  await rehearsal.shown('discovered')
  await rehearsal.shown('discovered', '-l')
  const waiting = await rehearsal.timeline(MAC)
  rehearsal.judge('its timeline says that it waits', /^waits to be adopted for .*: liteboot discovered$/m, waiting)
  rehearsal.judge('and what it was told to boot', told, waiting)
  rehearsal.judge('nothing is adopted by itself', '', await macOf(rehearsal))

  rehearsal.say('adoption by switch port')
  const adopt = ['adopt', RANGE, '--by', 'switch']
  const foreseen = await rehearsal.command(...adopt, '--dry-run')
  rehearsal.judge('a dry run says which', new RegExp(`${node.name}: would become ${MAC}`), foreseen)
  rehearsal.judge('and binds nothing', '', await macOf(rehearsal))
  rehearsal.judge('adopted', new RegExp(`^${node.name}: is ${MAC}`), await rehearsal.shown(...adopt))
  await machine.console.waitFor(/adopted n1: booting again/, 90_000, 'the end of the inventory environment')
  rehearsal.say('the machine boots again')
  await rehearsal.login(machine)
  await rehearsal.look(machine, firstBootChecks(node.name, node.ip))
  rehearsal.judge('nobody waits any more', '', await rehearsal.command('discovered'))
  rehearsal.judge(
    'its UUID is in the tables',
    new RegExp(IDENTITY.uuid),
    await rehearsal.command('gettab', `node=${node.name}`, 'vpd.uuid'),
  )
  rehearsal.judge('its boot as the node is in the timeline', /^booted after/m, await rehearsal.timeline(node.name))
}

await rehearse('discovery', discovery)
