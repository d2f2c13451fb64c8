/**
 * Beside a site's own DHCP server (dnsmasq, in a namespace of its own on the same bridge): it gives the addresses, liteboot
 * names boot files only (site.proxydhcp). Each kind of firmware boots the demonstration's image to its login prompt.
 *
 *   node vm-harness/scenarios/proxy.ts [--keep] [--directory DIR] [ipxe | uefi | uefi-http …]
 *
 * LITEBOOT_PACKETS=FILE keeps what firmware and loaders sent (tcpdump), for golden packets.
 */
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { firstBootChecks } from '../demo/checklist.ts'
import { placeRoot } from '../demo/root.ts'
import { addImageContent, IMAGE, NODES, SERVER, siteCommands, sitePaths, writeTree } from '../demo/site.ts'
import type { FirmwareName } from '../firmware.ts'
import type { Lab } from '../lab.ts'
import { type Rehearsal, rehearse } from '../rehearsal.ts'

const SITE_SERVER = '10.77.0.2'

interface Case {
  readonly name: string
  readonly firmware: FirmwareName
  /** What the timeline must show of the way to the kernel, in this order. */
  readonly way: readonly RegExp[]
}

const SCRIPT = [/dhcp +OFFER +\S*\/boot\/ipxe\/n1/, /http +get +\/boot\/ipxe\/n1/, /http +get +\/image\/\S+\/kernel/]
const CASES: readonly Case[] = [
  { name: 'ipxe', firmware: 'bios', way: SCRIPT },
  {
    name: 'uefi',
    firmware: 'uefi',
    way: [/dhcp +OFFER +snponly\.efi/, /dhcp +ACK +snponly\.efi/, /tftp +read +snponly\.efi/, ...SCRIPT],
  },
  {
    name: 'uefi-http',
    firmware: 'uefi-http',
    way: [/dhcp +OFFER +\S*snponly\.efi/, /http +get +\/boot\/loader\/snponly\.efi/, ...SCRIPT],
  },
]

/** The site's own: fixed addresses for the nodes, as whoever runs it has to set them. */
function openSiteServer(rehearsal: Rehearsal, lab: Lab): string {
  const space = `${lab.namespace}-site`
  const log = join(rehearsal.runDirectory, 'site-dhcp.log')
  const ip = (...words: string[]) => execFileSync('ip', words)
  ip('netns', 'add', space)
  rehearsal.cleanUps.add(() => ip('netns', 'delete', space))
  ip('-n', lab.namespace, 'link', 'add', 'site0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space)
  ip('-n', lab.namespace, 'link', 'set', 'site0', 'master', 'br0', 'up')
  ip('-n', space, 'address', 'add', `${SITE_SERVER}/16`, 'dev', 'eth0')
  ip('-n', space, 'link', 'set', 'eth0', 'up')
  const hosts = NODES.map(({ mac, ip: address }) => `--dhcp-host=${mac},${address}`)
  const words = ['--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--interface=eth0', '--bind-interfaces']
  const range = ['--dhcp-range=10.77.200.1,10.77.200.99,255.255.0.0', `--dhcp-leasefile=${log}.leases`]
  const logging = ['--log-dhcp', `--log-facility=${log}`]
  const child = spawn('ip', ['netns', 'exec', space, 'dnsmasq', ...words, ...range, ...hosts, ...logging], {
    stdio: 'ignore',
  })
  rehearsal.cleanUps.add(() => child.kill('SIGTERM'))
  return log
}

async function prepare(rehearsal: Rehearsal): Promise<void> {
  const paths = sitePaths(rehearsal.directory)
  rehearsal.begin('lite', 'persistent', 'install', 'tftpboot')
  placeRoot(paths.image)
  writeTree(paths)
  addImageContent(paths)
  for (const words of siteCommands(paths)) await rehearsal.command(...words)
  await rehearsal.command('liteimg', IMAGE)
  await rehearsal.command('chdef', '-t', 'site', 'proxydhcp=ALL')
}

async function boot(rehearsal: Rehearsal, each: Case, log: string): Promise<void> {
  const [node] = NODES
  await rehearsal.command('nodeset', node.name, `osimage=${IMAGE}`)
  const machine = await rehearsal.power({ ...node, firmware: each.firmware })
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
  await machine.close()
  const timeline = await rehearsal.timeline(node.name)
  const way = new RegExp(each.way.map(({ source }) => source).join('[\\s\\S]*'))
  rehearsal.judge('the timeline shows the way to the kernel', way, timeline)
  const acknowledged = new RegExp(`DHCPACK\\(eth0\\) ${node.ip.replaceAll('.', '\\.')} ${node.mac}`)
  rehearsal.judge('the address came from the other server', acknowledged, readFileSync(log, 'utf8'))
}

async function proxy(rehearsal: Rehearsal): Promise<void> {
  const { persistent } = sitePaths(rehearsal.directory)
  await prepare(rehearsal)
  const lab = await rehearsal.open(`${SERVER}/16`)
  const log = openSiteServer(rehearsal, lab)
  const packets = process.env.LITEBOOT_PACKETS
  if (packets !== undefined) {
    const filter = ['-i', 'br0', '-U', '-w', packets, 'udp and port (67 or 68 or 69 or 4011)']
    const capture = lab.spawn('tcpdump', filter, { stdio: 'ignore' })
    rehearsal.cleanUps.add(() => capture.kill('SIGINT'))
  }
  rehearsal.judge(
    'check finds the other server, and that it is as it should be',
    new RegExp(`dhcp server ${SITE_SERVER.replaceAll('.', '\\.')}: gives the addresses on br0`),
    await rehearsal.shown('check', 'dhcp').catch(String),
  )
  for (const each of CASES) {
    if (rehearsal.words.length > 0 && !rehearsal.words.includes(each.name)) continue
    rehearsal.say(`${each.name}: ${each.firmware} firmware`)
    rmSync(persistent, { recursive: true, force: true })
    mkdirSync(persistent)
    await boot(rehearsal, each, log)
  }
}

await rehearse('proxy', proxy)
