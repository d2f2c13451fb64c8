/** Loaders of ARM machines that no table knows: of the image that takes stock, the server's own, or why there is none. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { Cluster, Image, ImageName } from '../../src/cluster/model.ts'
import { compileSnapshot } from '../../src/cluster/snapshot.ts'
import { openDiscoveryEfi } from '../../src/server/discovery-efi.ts'
import type { BootEvent } from '../../src/timeline/event.ts'
import { viewOf } from '../tables/view.ts'

const STRANGER = '10.77.9.3'
const FIRST = 'boot/efi/_discovery-aarch64/netbootaa64.efi'
const SHIM = 'arm/rootimg/usr/lib/shim/shimaa64.efi.signed'
const GRUB = 'arm/rootimg/usr/lib/grub/arm64-efi-signed/grubnetaa64.efi.signed'

function open(t: ExecutionContext, { there = [] as readonly string[], image = 'arm', ipxe = '' } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-discovery-efi-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  for (const name of there) {
    mkdirSync(dirname(join(directory, name)), { recursive: true })
    writeFileSync(join(directory, name), name)
  }
  const view = viewOf({
    site: Object.entries({ discovery: 'demo', tftpdir: join(directory, 'tftp') }).map(([key, value]) => ({
      key,
      value,
    })),
    networks: [{ netname: 'demo', net: '10.77.0.0', mask: '255.255.0.0', dynamicrange: '10.77.9.1-10.77.9.20' }],
    nodelist: [{ node: 'n1', groups: 'all' }],
    hosts: [{ node: 'n1', ip: '10.77.9.7' }],
    osimage: [{ imagename: 'arm', provmethod: 'statelite', osarch: 'aarch64' }],
    linuximage: [{ imagename: 'arm', rootimgdir: join(directory, 'arm') }],
  })
  const current = compileSnapshot(view, undefined, 1)
  const events: BootEvent[] = []
  const efi = openDiscoveryEfi({
    cluster: { current } as unknown as Cluster,
    findDiscoveryImage: (snapshot): Image | { fault: string } =>
      snapshot.images.get(image as ImageName) ?? { fault: 'none of the images boots unknown aarch64 machines' },
    common: (name) => (name === ipxe ? join(directory, name) : undefined),
    emit: (event) => events.push(event),
    now: () => 0,
  })
  const find = async (name: string, ip = STRANGER, protocol: 'tftp' | 'http' = 'tftp') =>
    (await efi.find(name, ip, protocol))?.replace(`${directory}/`, '')
  return { efi, events, find }
}

test('shim and GRUB of the image; after HTTP boot the GRUB of the server; else iPXE', async (t) => {
  const { find, events } = open(t, { there: [SHIM, GRUB, 'tftp/boot/grub2/grub2.aarch64'] })
  t.is(await find(FIRST), SHIM)
  t.is(await find(`/${FIRST}`), SHIM)
  t.is(await find('boot/efi/_discovery-aarch64/grubaa64.efi'), GRUB)
  t.is(await find(FIRST, STRANGER, 'http'), 'tftp/boot/grub2/grub2.aarch64')
  t.deepEqual(
    events.map(({ ip, node, detail }) => [ip, node, detail?.split(':')[0]]),
    [
      [STRANGER, undefined, 'shim of arm'],
      [STRANGER, undefined, 'GRUB of this server, without Secure Boot'],
    ],
  )
  t.is(await open(t, { ipxe: 'snponly-arm64.efi' }).find(FIRST), 'snponly-arm64.efi')
})

test('nothing for a node, for an address outside the range, or under another name', async (t) => {
  const { find, efi } = open(t, { there: [SHIM, GRUB] })
  for (const ip of ['10.77.9.7', '10.77.0.50', '10.78.9.3']) {
    t.is(await find(FIRST, ip), undefined)
    t.is(efi.whyNot(FIRST, ip), undefined)
  }
  for (const name of [
    'boot/efi/_discovery/netbootaa64.efi',
    'boot/efi/_discovery-aarch64/../../x.efi',
    'netbootaa64.efi',
  ])
    t.is(await find(name), undefined)
})

test('why there is no loader, and what to do', (t) => {
  t.regex(
    open(t).efi.whyNot(FIRST, STRANGER) ?? '',
    /no GRUB for aarch64: liteboot grub make --arch aarch64.* image arm$/,
  )
  t.regex(open(t, { image: 'none' }).efi.whyNot(FIRST, STRANGER) ?? '', /none of the images boots unknown aarch64/)
  t.is(open(t).efi.whyNot('boot/efi/n1/netbootaa64.efi', STRANGER), undefined)
})
