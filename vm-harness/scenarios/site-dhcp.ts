/** A site's own DHCP server beside liteboot: dnsmasq, in a namespace of its own on the same bridge. */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SERVER } from '../demo/site.ts'
import type { Lab } from '../lab.ts'
import type { Rehearsal } from '../rehearsal.ts'

export const SITE_SERVER = '10.77.0.2'

export interface Reservation {
  readonly name: string
  readonly mac: string
  readonly ip: string
  /** Firmware that hears of boot files from this server only: set here, as whoever runs the site has to. */
  readonly firmware?: 'petitboot' | 'open-firmware' | undefined
}

export interface SiteServer {
  /** What it gave to whom. */
  readonly log: string
  /** Fixed addresses, instead of those before; what they boot stays as it was said at first. */
  reserve(hosts: readonly Reservation[]): Promise<void>
}

const tagOf = (mac: string) => `m${mac.replaceAll(':', '')}`

function bootWords({ name, mac, firmware }: Reservation): string[] {
  const tag = `tag:${tagOf(mac)}`
  switch (firmware) {
    case 'petitboot':
      return [`--dhcp-option-force=${tag},209,http://${SERVER}/boot/petitboot/${name}`]
    // Not option 209 as well: SLOF would read it as pxelinux does, and load no boot file.
    case 'open-firmware':
      return [`--dhcp-boot=${tag},boot/grub2/grub2-${name},,${SERVER}`]
    case undefined:
      return []
  }
}

export async function openSiteServer(
  rehearsal: Rehearsal,
  lab: Lab,
  hosts: readonly Reservation[],
): Promise<SiteServer> {
  const host = await lab.addHost('site', `${SITE_SERVER}/16`)
  const file = (name: string) => join(rehearsal.runDirectory, `site-${name}`)
  const log = file('dhcp.log')
  const write = (list: readonly Reservation[]) =>
    writeFileSync(file('hosts'), list.map(({ mac, ip: address }) => `${mac},set:${tagOf(mac)},${address}\n`).join(''))
  write(hosts)
  const words = ['--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--interface=eth0', '--bind-interfaces']
  const range = ['--dhcp-range=10.77.200.1,10.77.200.99,255.255.0.0', `--dhcp-leasefile=${log}.leases`]
  const files = [`--dhcp-hostsfile=${file('hosts')}`, ...hosts.flatMap(bootWords)]
  // It gives up root otherwise, and could not read what is ours.
  const own = ['--user=root', '--log-dhcp', `--log-facility=${log}`]
  const start = () => host.spawn('dnsmasq', [...words, ...range, ...files, ...own], { stdio: 'ignore' })
  let child = start()
  rehearsal.cleanUps.add(() => child.kill('SIGTERM'))
  return {
    log,
    // Started anew: dnsmasq 2.90 was seen to end when it was told twice to read its file again.
    async reserve(list) {
      write(list)
      const ended = once(child, 'exit')
      if (child.kill('SIGTERM')) await ended
      child = start()
    },
  }
}
