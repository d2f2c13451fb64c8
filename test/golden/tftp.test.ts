/** Every captured TFTP request: what it says, what lies behind the name, and what is granted for it. */
import test from 'ava'
import { tftpRoutes } from '../../src/server/tftp-routes.ts'
import { parseName } from '../../src/tftp/names.ts'
import { decideOptions } from '../../src/tftp/options.ts'
import { encodePacket, OPCODE, parsePacket } from '../../src/tftp/packet.ts'
import { goldenTftp } from './requests.ts'
import { openGoldenSite } from './site.ts'
import { GOLDEN_WAYS } from './ways.ts'

const NODE = { ip: '10.77.0.11', port: 1024 }
const IMAGE = 'image/rootimg/usr/lib'
/** It goes on without: a miss is an answer at once. */
const NOTHING = 'nothing'

/** By the name that was asked for; a digest is `*`. */
const BEHIND: Readonly<Record<string, string>> = {
  'snponly.efi': 'tftpboot/snponly.efi',
  'ipxe.efi': 'tftpboot/ipxe.efi',
  'pxelinux.0': 'tftpboot/pxelinux.0',
  'lpxelinux.0': 'tftpboot/lpxelinux.0',
  '/ldlinux.c32': 'tftpboot/ldlinux.c32',
  '/pxelinux.cfg/n1': 'pxelinux of n1 by name',
  'boot/efi/n1/netbootx64.efi': `${IMAGE}/shim/shimx64.efi.signed`,
  'boot/efi/n1/revocations_sku.efi': NOTHING,
  'boot/efi/n1/revocations_sbat.efi': NOTHING,
  'boot/efi/n1/shim_certificate_0.efi': NOTHING,
  'boot/efi/n1/grubx64.efi': `${IMAGE}/grub/x86_64-efi-signed/grubnetx64.efi.signed`,
  '/grub/x86_64-efi/command.lst': `${IMAGE}/grub/x86_64-efi/command.lst`,
  '/grub/x86_64-efi/fs.lst': `${IMAGE}/grub/x86_64-efi/fs.lst`,
  '/grub/x86_64-efi/crypto.lst': `${IMAGE}/grub/x86_64-efi/crypto.lst`,
  '/grub/x86_64-efi/terminal.lst': `${IMAGE}/grub/x86_64-efi/terminal.lst`,
  '/grub/x86_64-efi/http.mod': `${IMAGE}/grub/x86_64-efi/http.mod`,
  'boot/efi/n1/netbootaa64.efi': `${IMAGE}/shim/shimaa64.efi.signed`,
  'boot/efi/n1/grubaa64.efi': `${IMAGE}/grub/arm64-efi-signed/grubnetaa64.efi.signed`,
  '/grub/arm64-efi/command.lst': `${IMAGE}/grub/arm64-efi/command.lst`,
  '/grub/arm64-efi/fs.lst': `${IMAGE}/grub/arm64-efi/fs.lst`,
  '/grub/arm64-efi/crypto.lst': `${IMAGE}/grub/arm64-efi/crypto.lst`,
  '/grub/arm64-efi/terminal.lst': `${IMAGE}/grub/arm64-efi/terminal.lst`,
  '/grub/arm64-efi/http.mod': `${IMAGE}/grub/arm64-efi/http.mod`,
  '/grub/grub.cfg': 'grub of n1 by client',
  'boot/grub2/grub2-n1': 'tftpboot/boot/grub2/grub2.ppc',
  '/boot/grub2/grub.cfg-01-52-54-00-77-00-01': 'grub of n1 by mac',
  // All modules are in the program.
  '/boot/grub2/powerpc-ieee1275/command.lst': NOTHING,
  '/boot/grub2/powerpc-ieee1275/fs.lst': NOTHING,
  '/boot/grub2/powerpc-ieee1275/crypto.lst': NOTHING,
  '/boot/grub2/powerpc-ieee1275/terminal.lst': NOTHING,
  '/image/debian12-lite/*/kernel': 'image/kernel',
  '/image/debian12-lite/*/kernel.gz': 'image/kernel.gz',
  '/image/debian12-lite/*/initrd': 'image/initrd',
}

/** For a file of 1 MB, by who asks. */
const GRANTED: Readonly<Record<string, readonly string[]>> = {
  // First how long it is, then all of it.
  EDK2: ['tsize 1000000 blksize 1468 windowsize 4', 'blksize 1468 windowsize 4'],
  shim: ['blksize 512 windowsize 4'],
  GRUB: ['blksize 1024 tsize 1000000'],
  SLOF: ['blksize 1428'],
  iPXE: ['blksize 1432 tsize 1000000'],
  pxelinux: ['tsize 1000000 blksize 1408'],
}

for (const { case: way, order, client, asks, options = [], payload } of goldenTftp) {
  const name = asks.replace(/^RRQ /, '')
  test(`${way} ${order}: ${client} asks for ${name}`, async (t) => {
    const bytes = Buffer.from(payload, 'hex')
    const packet = parsePacket(bytes)
    if ('fault' in packet || !('filename' in packet)) return t.fail('fault' in packet ? packet.fault : 'no request')
    t.like(packet, { opcode: OPCODE.RRQ, filename: name, mode: 'octet', strayBytes: 0 })
    t.deepEqual(packet.options.flat(), [...options])
    t.deepEqual(encodePacket(packet), bytes)
    const row = GOLDEN_WAYS[way]
    if (row === undefined) return t.is(way, 'earlier')

    t.true(GRANTED[client]?.includes(decideOptions(packet.options, 'read', 1_000_000).accepted.flat().join(' ')))
    const site = openGoldenSite(t, row)
    const relative = parseName(name, site.cluster.current.site.tftpdir)
    if (relative === undefined) return t.fail('no name')
    t.is(relative, name.replace(/^\//, ''))
    let behind = NOTHING
    for (const route of tftpRoutes(site)) {
      const found = await route(relative, NODE)
      if (found === undefined) continue
      if (found.kind !== 'refused') behind = found.kind === 'file' ? site.below(found.path) : found.data.toString()
      break
    }
    t.is(behind, BEHIND[name.replace(/\/[0-9a-f]{16}\//, '/*/')] ?? 'not in the table')
  })
}

test('every name of the table, and every grant, was captured', (t) => {
  const ofToday = goldenTftp.filter((request) => request.case in GOLDEN_WAYS)
  const names = ofToday.map(({ asks }) => asks.replace(/^RRQ /, '').replace(/\/[0-9a-f]{16}\//, '/*/'))
  t.deepEqual(Object.keys(BEHIND).sort(), [...new Set(names)].sort())
  t.deepEqual(Object.keys(GRANTED).sort(), [...new Set(ofToday.map(({ client }) => client))].sort())
})
