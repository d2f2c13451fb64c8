import test from 'ava'
import fc from 'fast-check'
import { bootFileFor, hexFromIp } from '../../src/boot/names.ts'
import { buildSnapshot, exampleNode } from '../statelite/snapshot.ts'

const snapshot = buildSnapshot({
  nodes: [
    exampleNode,
    { name: 'cn08', ip: '10.20.0.108', mac: '0c:42:a1:7e:10:08', netboot: 'petitboot' },
    { name: 'ib01', ip: '10.20.0.9', mac: '80:00:02:08:fe:80:00:00:00:00:00:00:0c:42:a1:03:00:7e:10:09' },
    { name: 'x.uefi', ip: '10.20.0.10', mac: '0c:42:a1:7e:10:10' },
  ],
  site: { tftpdir: '/srv/tftp' },
})
const find = (path: string, clientIp?: string): string | undefined => {
  const found = bootFileFor(path, snapshot, clientIp)
  return found && `${found.kind} ${found.node.name} ${found.by}`
}

const names: [string, string | undefined, string | undefined][] = [
  ['boot/ipxe/cn07', undefined, 'ipxe cn07 name'],
  ['boot/ipxe/01-0c-42-a1-7e-10-07', undefined, 'ipxe cn07 mac'],
  ['xcat/xnba/nodes/cn07', undefined, 'ipxe cn07 name'],
  ['xcat/xnba/nodes/cn07.uefi', undefined, 'ipxe cn07 name'],
  ['xcat/xnba/nodes/x.uefi', undefined, 'ipxe x.uefi name'],
  ['pxelinux.cfg/cn07', undefined, 'pxelinux cn07 name'],
  ['pxelinux.cfg/01-0c-42-a1-7e-10-07', undefined, 'pxelinux cn07 mac'],
  ['pxelinux.cfg/01-0C-42-A1-7E-10-07', undefined, 'pxelinux cn07 mac'],
  ['pxelinux.cfg/20-80-00-02-08-fe-80-00-00-00-00-00-00-0c-42-a1-03-00-7e-10-09', undefined, 'pxelinux ib01 mac'],
  ['pxelinux.cfg/0A14006B', undefined, 'pxelinux cn07 ip'],
  ['pxelinux.cfg/0a14006b', undefined, 'pxelinux cn07 ip'],
  ['pxelinux.cfg/0A14006', '10.20.0.107', 'pxelinux cn07 client'],
  ['pxelinux.cfg/0', '10.20.0.107', 'pxelinux cn07 client'],
  ['pxelinux.cfg/0A14006', '10.20.0.9', undefined],
  ['pxelinux.cfg/0A14006', undefined, undefined],
  ['pxelinux.cfg/default', '10.20.0.107', 'pxelinux cn07 client'],
  ['pxelinux.cfg/default', '10.20.0.200', undefined],
  ['pxelinux.cfg/default', undefined, undefined],
  ['pxelinux.cfg/b8945908-d6a6-41a9-611d-74a6ab80b83d', '10.20.0.107', undefined],
  ['pxelinux.cfg/01-0c-42-a1-7e-10-08', undefined, 'petitboot cn08 mac'],
  ['petitboot/cn08', undefined, 'petitboot cn08 name'],
  ['boot/petitboot/cn08', undefined, 'petitboot cn08 name'],
  ['0A14006C', undefined, 'petitboot cn08 ip'],
  ['0a14006c', undefined, 'petitboot cn08 ip'],
  ['0A14006', '10.20.0.108', undefined],
  ['boot/grub2/cn07', undefined, 'grub cn07 name'],
  ['boot/grub2/grub.cfg-0A14006B', undefined, 'grub cn07 ip'],
  ['boot/grub2/grub.cfg-0A1400', '10.20.0.107', 'grub cn07 client'],
  ['boot/grub2/grub.cfg-01-0c-42-a1-7e-10-07', undefined, 'grub cn07 mac'],
  ['boot/grub2/grub.cfg-0c:42:a1:7e:10:07', undefined, 'grub cn07 mac'],
  ['boot/grub2/grub.cfg-0c-42-a1-7e-10-07', undefined, 'grub cn07 mac'],
  ['boot/grub2/grub.cfg', '10.20.0.107', 'grub cn07 client'],
  ['boot/grub2/grub2-cn07', undefined, undefined],
  // Debian's signed GRUB below its prefix; GRUB of the RHEL family beside itself.
  ['/grub/grub.cfg', '10.20.0.107', 'grub cn07 client'],
  ['/grub/x86_64-efi/grub.cfg', '10.20.0.107', 'grub cn07 client'],
  ['/grub/grub.cfg', undefined, undefined],
  ['/grub/x86_64-efi/command.lst', '10.20.0.107', undefined],
  ['boot/efi/cn07/grub.cfg-01-0c-42-a1-7e-10-07', undefined, 'grub cn07 name'],
  ['boot/efi/cn07/grub.cfg-0A14006B', undefined, 'grub cn07 name'],
  ['boot/efi/cn07/grub.cfg', undefined, 'grub cn07 name'],
  ['boot/efi/cn07/grub/grub.cfg', undefined, 'grub cn07 name'],
  ['/boot/efi/cn07//grub/x86_64-efi/grub.cfg', undefined, 'grub cn07 name'],
  ['EFI/redhat/grub.cfg-01-0c-42-a1-7e-10-07', undefined, 'grub cn07 mac'],
  ['/EFI/rocky/grub.cfg-0A14006B', undefined, 'grub cn07 ip'],
  ['/EFI/rocky/grub.cfg', '10.20.0.107', 'grub cn07 client'],
  ['boot/efi/cn07/grubx64.efi', undefined, undefined],
  // GRUB for POWER: Debian's and RHEL's grub-mknetdir, the media of SLES, and one that PowerVM left without a directory.
  ['/boot/grub/grub.cfg-01-0c-42-a1-7e-10-07', undefined, 'grub cn07 mac'],
  ['/boot/grub/grub.cfg-0A14006', '10.20.0.107', 'grub cn07 client'],
  ['/boot/grub/grub.cfg', '10.20.0.107', 'grub cn07 client'],
  ['/boot/grub/powerpc-ieee1275/grub.cfg', '10.20.0.107', 'grub cn07 client'],
  ['/boot/grub2/powerpc-ieee1275/grub.cfg-0A14006B', undefined, 'grub cn07 ip'],
  ['/grub2/grub.cfg', '10.20.0.107', 'grub cn07 client'],
  ['/boot/ppc64le/grub2-ieee1275/grub.cfg', '10.20.0.107', 'grub cn07 client'],
  ['//grub.cfg-01-0c-42-a1-7e-10-07', undefined, 'grub cn07 mac'],
  ['grub.cfg', '10.20.0.107', 'grub cn07 client'],
  ['grub.cfg', '10.20.0.200', undefined],
  ['boot/grub/powerpc-ieee1275/command.lst', '10.20.0.107', undefined],
  ['boot/other/grub.cfg', '10.20.0.107', undefined],
  ['/pxelinux.cfg/cn07', undefined, 'pxelinux cn07 name'],
  ['//boot///ipxe/cn07', undefined, 'ipxe cn07 name'],
  ['/tftpboot/pxelinux.cfg/cn07', undefined, 'pxelinux cn07 name'],
  ['/srv/tftp/pxelinux.cfg/cn07', undefined, 'pxelinux cn07 name'],
  ['\\boot\\ipxe\\cn07', undefined, 'ipxe cn07 name'],
  ['pxelinux.cfg/../cn07', undefined, undefined],
  ['pxelinux.cfg/nosuch', '10.20.0.107', undefined],
  ['pxelinux.cfg/FFFFFFFF', undefined, undefined],
  ['cn07', undefined, undefined],
  ['', undefined, undefined],
  ['undionly.kpxe', '10.20.0.107', undefined],
]
for (const [path, clientIp, expected] of names) {
  test(`${JSON.stringify(path)} asked by ${clientIp ?? 'anyone'}: ${expected ?? 'nobody'}`, (t) => {
    t.is(find(path, clientIp), expected)
  })
}

test('a refused hardware address has no boot file', (t) => {
  const refusing = { ...snapshot, portByMac: () => ({ node: snapshot.node('cn07'), refused: true }) as never }
  t.is(bootFileFor('pxelinux.cfg/01-0c-42-a1-7e-10-07', refusing, undefined), undefined)
})

test('any path is answered or not, and never throws (property)', (t) => {
  const piece = fc.constantFrom('boot/', 'ipxe/', 'pxelinux.cfg/', '01-', '0A', 'cn07', '/', '..', '\0', 'é', '-', ':')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), fc.option(fc.ipV4()), (pieces, ip) => {
      const found = bootFileFor(pieces.join(''), snapshot, ip ?? undefined)
      return found === undefined || snapshot.node(found.node.name) === found.node
    }),
  )
  fc.assert(fc.property(fc.string({ maxLength: 600 }), (text) => bootFileFor(text, snapshot, '10.20.0.107') !== null))
  t.pass()
})

test('hex of an address', (t) => {
  t.is(hexFromIp('10.20.0.107'), '0A14006B')
  t.is(hexFromIp('255.0.1.0'), 'FF000100')
})
