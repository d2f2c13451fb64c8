/**
 * Beside a site's own DHCP server: it gives the addresses, liteboot names boot files only (site.proxydhcp). Each kind of
 * firmware boots the demonstration's image to its login prompt; machines that no table knows are discovered, adopted and
 * boot as a node. Firmware of POWER takes no such offer: there the site's server names the boot file too.
 *
 *   node vm-harness/scenarios/proxy.ts [--keep] [--directory DIR] [ipxe | uefi | … | slof | petitboot …]
 *
 * Without words: all of x86_64. A case of POWER is a run of its own: what its firmware is told is set at the site's server.
 *
 * LITEBOOT_PACKETS=FILE keeps what firmware and loaders sent (tcpdump), for golden packets.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
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
import type { Machine } from '../machine.ts'
import { prepareSite } from '../matrix/site.ts'
import { makePetitboot } from '../petitboot/initrd.ts'
import { type Rehearsal, rehearse } from '../rehearsal.ts'
import { openSiteServer, SITE_SERVER, type SiteServer } from './site-dhcp.ts'

const [NODE, NEW_NODE] = NODES
const BOOT_TIMEOUT_MS = 300_000

interface Case {
  readonly name: string
  readonly firmware: FirmwareName
  /** No table knows it: it is discovered, and adopted as the second node. */
  readonly stranger?: { readonly mac: string }
  readonly power?: {
    readonly server: 'petitboot' | 'open-firmware'
    readonly netboot: string
    readonly memoryMiB: number
  }
  /** What the timeline must show of the way to the kernel, in this order. */
  readonly way: readonly RegExp[]
}

/** NODE is the name of the node. */
const SCRIPT = [
  /dhcp +OFFER +\S*\/boot\/ipxe\/NODE/,
  /http +get +\/boot\/ipxe\/NODE/,
  /http +get +\/image\/\S+\/kernel/,
]
const UEFI = [/dhcp +OFFER +snponly\.efi/, /dhcp +ACK +snponly\.efi/, /tftp +read +snponly\.efi/, ...SCRIPT]
const CASES: readonly Case[] = [
  { name: 'ipxe', firmware: 'bios', way: SCRIPT },
  { name: 'uefi', firmware: 'uefi', way: UEFI },
  {
    name: 'uefi-http',
    firmware: 'uefi-http',
    way: [/dhcp +OFFER +\S*snponly\.efi/, /http +get +\/boot\/loader\/snponly\.efi/, ...SCRIPT],
  },
  { name: 'discovery', firmware: 'bios', way: SCRIPT, stranger: { mac: '52:54:00:77:00:0b' } },
  { name: 'discovery-uefi', firmware: 'uefi', way: UEFI, stranger: { mac: '52:54:00:77:00:0c' } },
  {
    name: 'slof',
    firmware: 'slof',
    power: { server: 'open-firmware', netboot: 'grub2-http', memoryMiB: 1024 },
    way: [/tftp +read +\S*boot\/grub2\/grub2-NODE/, /http +get +\/image\/\S+\/kernel/],
  },
  {
    name: 'petitboot',
    firmware: 'vof',
    power: { server: 'petitboot', netboot: 'petitboot', memoryMiB: 2048 },
    way: [/http +get +\/boot\/petitboot\/NODE/, /http +get +\/image\/\S+\/kernel/],
  },
]

async function prepareX86(rehearsal: Rehearsal): Promise<SitePaths> {
  const paths = sitePaths(rehearsal.directory)
  rehearsal.begin('lite', 'persistent', 'install', 'tftpboot')
  placeRoot(paths.image)
  writeTree(paths)
  addImageContent(paths)
  for (const words of siteCommands(paths)) await rehearsal.command(...words)
  return paths
}

/** To the login prompt as this node; false: it did not get there. */
async function comesUp(rehearsal: Rehearsal, each: Case, machine: Machine, node: typeof NODE | typeof NEW_NODE) {
  try {
    await rehearsal.login(machine)
    await rehearsal.look(machine, [
      ...firstBootChecks(node.name, node.ip),
      { title: 'it has one address, the one of the site', script: 'hostname -I', expect: `${node.ip} ` },
    ])
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    rehearsal.judge(`${each.name} gets to the login prompt`, 'yes', why)
  }
}

async function judgeWay(
  rehearsal: Rehearsal,
  each: Case,
  log: string,
  mac: string,
  node: { name: string; ip: string },
) {
  const timeline = await rehearsal.timeline(node.name)
  const way = new RegExp(each.way.map(({ source }) => source.replaceAll('NODE', node.name)).join('[\\s\\S]*'))
  rehearsal.judge('the timeline shows the way to the kernel', way, timeline)
  const acknowledged = new RegExp(`DHCPACK\\(eth0\\) ${node.ip.replaceAll('.', '\\.')} ${mac}`)
  rehearsal.judge('the address came from the other server', acknowledged, readFileSync(log, 'utf8'))
}

async function boot(rehearsal: Rehearsal, each: Case, paths: SitePaths, { log }: SiteServer): Promise<void> {
  const { power, firmware } = each
  if (power) await rehearsal.command('chdef', NODE.name, `netboot=${power.netboot}`)
  await rehearsal.command('nodeset', NODE.name, `osimage=${IMAGE}`)
  const petitboot = join(rehearsal.runDirectory, 'petitboot')
  const machine = await rehearsal.power({
    ...NODE,
    firmware,
    ...(power ? { memoryMiB: power.memoryMiB } : {}),
    ...(FIRMWARE[firmware].handed ? { handed: await makePetitboot(paths.image, petitboot) } : {}),
  })
  await comesUp(rehearsal, each, machine, NODE)
  await machine.close()
  await judgeWay(rehearsal, each, log, NODE.mac, NODE)
}

async function discover(rehearsal: Rehearsal, each: Case, mac: string, site: SiteServer): Promise<void> {
  await rehearsal.command('chdef', NEW_NODE.name, 'mac=', `provmethod=${IMAGE}`)
  await rehearsal.command('chdef', '-t', 'site', 'discovery=demo', 'defserialport=0', 'defserialspeed=115200')
  const machine = await rehearsal.power({ name: each.name, mac, firmware: each.firmware })
  const listed = await rehearsal.until(
    'the machine is listed',
    async () => (await rehearsal.quiet('discovered')).split('\n').find((line) => line.includes(mac)),
    BOOT_TIMEOUT_MS,
  )
  rehearsal.judge('it is listed', / x86_64 +1 /, listed)
  await rehearsal.shown('discovered', '-l')
  rehearsal.judge(
    'its timeline says that it waits',
    /^waits to be adopted for .*: liteboot discovered$/m,
    await rehearsal.timeline(mac),
  )
  const given = new RegExp(`DHCPACK\\(eth0\\) 10\\.77\\.200\\.\\d+ ${mac}`)
  rehearsal.judge('its address came from the other server', given, readFileSync(site.log, 'utf8'))
  rehearsal.say('the site reserves the address of the node for it, and it is adopted')
  await site.reserve([NODE, { ...NEW_NODE, mac }])
  const adopted = await rehearsal.shown('adopt', '--mac', mac, NEW_NODE.name)
  rehearsal.judge('adopted', new RegExp(`^${NEW_NODE.name}: is ${mac}`), adopted)
  await comesUp(rehearsal, each, machine, NEW_NODE)
  await machine.close()
  await judgeWay(rehearsal, each, site.log, mac, NEW_NODE)
}

function chosen(words: readonly string[]): readonly Case[] {
  const strange = words.find((word) => !CASES.some(({ name }) => name === word))
  if (strange !== undefined) throw new Error(`${strange}: the cases are ${CASES.map(({ name }) => name).join(', ')}`)
  const cases = CASES.filter(({ name, power }) => (words.length > 0 ? words.includes(name) : power === undefined))
  if (cases.length > 1 && cases.some(({ power }) => power)) throw new Error('a case of POWER is a run of its own')
  return cases
}

async function proxy(rehearsal: Rehearsal): Promise<void> {
  const cases = chosen(rehearsal.words)
  const power = cases[0]?.power
  const paths = power ? await prepareSite(rehearsal, 'ppc64le') : await prepareX86(rehearsal)
  await rehearsal.command('liteimg', IMAGE)
  await rehearsal.command('chdef', '-t', 'site', 'proxydhcp=ALL')
  const lab = await rehearsal.open(`${SERVER}/16`)
  const site = await openSiteServer(rehearsal, lab, [{ ...NODE, firmware: power?.server }, NEW_NODE])
  const packets = process.env.LITEBOOT_PACKETS
  if (packets !== undefined) {
    const filter = ['-i', 'br0', '-U', '-w', packets, 'icmp or arp or (udp and port (67 or 68 or 69 or 4011))']
    const capture = lab.spawn('tcpdump', filter, { stdio: 'ignore' })
    rehearsal.cleanUps.add(() => capture.kill('SIGINT'))
  }
  rehearsal.judge(
    'check finds the other server, and that it is as it should be',
    new RegExp(`dhcp server ${SITE_SERVER.replaceAll('.', '\\.')}: gives the addresses on br0`),
    await rehearsal.shown('check', 'dhcp').catch(String),
  )
  for (const each of cases) {
    rehearsal.say(`${each.name}: ${each.firmware} firmware`)
    rmSync(paths.persistent, { recursive: true, force: true })
    mkdirSync(paths.persistent)
    if (each.stranger) await discover(rehearsal, each, each.stranger.mac, site)
    else await boot(rehearsal, each, paths, site)
  }
}

await rehearse('proxy', proxy)
