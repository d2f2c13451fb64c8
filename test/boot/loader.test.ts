import test from 'ava'
import { ARCHITECTURES, classifyFirmware, type FirmwareHints } from '../../src/boot/firmware.ts'
import { chooseLoader, type LoaderChoice } from '../../src/boot/loader.ts'
import type { ClusterNode, ImageName, Ipv4, NodeName } from '../../src/cluster/model.ts'

const NOTHING: FirmwareHints = { architectures: [], vendorClass: undefined, userClasses: [], ipxeOptions: false }
const firmware = (hints: Partial<FirmwareHints>) => classifyFirmware({ ...NOTHING, ...hints })
const arch = (architecture: number) => firmware({ architectures: [architecture] })

interface NodeFields {
  readonly netboot?: string
  readonly arch?: string
  readonly image?: string | undefined
  readonly noderes?: Readonly<Record<string, string>>
  readonly currstate?: string
}

function node(fields: NodeFields): ClusterNode {
  return {
    name: 'cn07' as NodeName,
    groups: [],
    ip: '10.20.0.107' as Ipv4,
    ports: [],
    imageName: ('image' in fields ? fields.image : 'img') as ImageName | undefined,
    arch: fields.arch,
    netboot: fields.netboot,
    attribute: (table, column) => {
      if (table === 'chain' && column === 'currstate') return fields.currstate
      return table === 'noderes' ? fields.noderes?.[column] : undefined
    },
  }
}

function choose(hints: Partial<FirmwareHints>, fields: NodeFields = {}, server: object = {}): LoaderChoice {
  return chooseLoader(firmware(hints), node(fields), {
    address: '10.20.0.2' as Ipv4,
    httpPort: 80,
    networkTftpserver: undefined,
    resolve: (name) => ({ sn1: '10.20.0.3' as Ipv4, '10.20.0.9': '10.20.0.9' as Ipv4 })[name],
    hasImage: (name) => name === 'img',
    ...server,
  })
}

const BIOS = { architectures: [0], vendorClass: 'PXEClient:Arch:00000:UNDI:002001' }

test('user class iPXE and xNBA, option 175: iPXE, whatever the architecture says', (t) => {
  t.is(firmware({ architectures: [7], userClasses: ['iPXE'] }).kind, 'ipxe')
  t.is(firmware({ userClasses: ['xNBA'] }).kind, 'ipxe')
  t.is(firmware({ architectures: [0], ipxeOptions: true }).kind, 'ipxe')
})

test('RFC 4578 §2.1 and the registry of architecture types', (t) => {
  const kinds = Object.fromEntries(Object.keys(ARCHITECTURES).map((type) => [type, arch(Number(type)).kind]))
  t.deepEqual(kinds, {
    0: 'bios-pxe',
    2: 'unsupported',
    6: 'uefi-pxe',
    7: 'uefi-pxe',
    9: 'uefi-pxe',
    10: 'unsupported',
    11: 'uefi-pxe',
    12: 'open-firmware',
    14: 'petitboot',
    15: 'uefi-http',
    16: 'uefi-http',
    17: 'unsupported',
    18: 'unsupported',
    19: 'uefi-http',
    20: 'unsupported',
    25: 'unsupported',
    26: 'unsupported',
    27: 'unsupported',
    28: 'unsupported',
    39: 'unsupported',
    40: 'unsupported',
  })
  t.is(arch(77).kind, 'unsupported')
})

test('without option 93 the vendor class tells; without both it is plain', (t) => {
  t.is(firmware({ vendorClass: 'PXEClient' }).kind, 'bios-pxe')
  t.is(firmware({ vendorClass: 'Etherboot-5.4' }).kind, 'bios-pxe')
  t.is(firmware({ vendorClass: 'udhcp 1.35.0' }).kind, 'plain')
  t.is(firmware({}).kind, 'plain')
})

test('the architecture in option 60 counts where option 93 is missing', (t) => {
  t.is(firmware({ vendorClass: 'PXEClient:Arch:00007:UNDI:003016' }).description, 'x86_64 UEFI')
  t.is(firmware({ vendorClass: 'PXEClient:Arch:00000:UNDI:002001' }).kind, 'bios-pxe')
  t.is(firmware({ vendorClass: 'HTTPClient:Arch:00019:UNDI:003001' }).description, 'ARM 64-bit UEFI HTTP boot')
  t.is(firmware({ vendorClass: 'HTTPClient' }).kind, 'unsupported')
  t.is(firmware({ architectures: [0], vendorClass: 'PXEClient:Arch:00007:UNDI:003016' }).kind, 'bios-pxe')
})

test('who says HTTPClient takes no offer without it, whatever option 93 says', (t) => {
  const hints = { architectures: [7], vendorClass: 'HTTPClient:Arch:00007:UNDI:003016' }
  t.like(choose(hints), { file: 'http://10.20.0.2/boot/loader/snponly.efi', vendorClass: 'HTTPClient' })
})

test('iPXE: the node’s script, no wait for ProxyDHCP; the port only when it is not 80', (t) => {
  t.like(choose({ userClasses: ['iPXE'] }), { file: 'http://10.20.0.2/boot/ipxe/cn07', noProxyDhcp: true })
  const other = choose({ userClasses: ['iPXE'] }, {}, { httpPort: 8080 })
  t.is(other.file, 'http://10.20.0.2:8080/boot/ipxe/cn07')
})

test('BIOS and UEFI PXE: iPXE by TFTP', (t) => {
  t.like(choose(BIOS), { file: 'undionly.kpxe', siaddr: '10.20.0.2' as Ipv4, terminateBootFile: true })
  for (const type of [7, 9]) t.is(choose({ architectures: [type] }).file, 'snponly.efi')
  t.is(choose({ architectures: [11] }).file, 'snponly-arm64.efi')
})

test('32-bit UEFI has no loader: address only', (t) => {
  const choice = choose({ architectures: [6] })
  t.is(choice.file, undefined)
  t.is(choice.siaddr, undefined)
})

test('UEFI HTTP boot: URL, and HTTPClient back', (t) => {
  const url = 'http://10.20.0.2/boot/loader/snponly.efi'
  t.like(choose({ architectures: [16] }), { file: url, vendorClass: 'HTTPClient', forceBootFile: true })
})

test('pxelinux: program, configuration and prefix, for BIOS and for iPXE on BIOS', (t) => {
  const expected = { file: 'pxelinux.0', configurationFile: 'pxelinux.cfg/cn07', pathPrefix: '/' }
  for (const netboot of ['pxe', 'pxelinux']) {
    t.like(choose(BIOS, { netboot }), expected)
    t.like(choose({ ...BIOS, userClasses: ['iPXE'] }, { netboot }), expected)
    // pxelinux.0 is a BIOS program.
    t.is(choose({ architectures: [7] }, { netboot }).file, 'snponly.efi')
  }
})

test('pxe-http: lpxelinux; ipxe-drivers: the programs with drivers of their own', (t) => {
  const expected = { file: 'lpxelinux.0', configurationFile: 'pxelinux.cfg/cn07', pathPrefix: '/' }
  t.like(choose(BIOS, { netboot: 'pxe-http' }), expected)
  t.is(choose(BIOS, { netboot: 'pxe-tftp' }).file, 'pxelinux.0')
  const netboot = 'ipxe-drivers'
  t.is(choose(BIOS, { netboot }).file, 'ipxe.pxe')
  t.is(choose({ architectures: [9] }, { netboot }).file, 'ipxe.efi')
  t.is(choose({ architectures: [11] }, { netboot }).file, 'ipxe-arm64.efi')
  t.is(choose({ architectures: [16] }, { netboot }).file, 'http://10.20.0.2/boot/loader/ipxe.efi')
})

test('grub2 and UEFI: a program of the node’s own directory, by TFTP and by URL, x86_64 and ARM', (t) => {
  for (const netboot of ['grub2', 'grub2-http', 'grub2-tftp']) {
    const file = 'boot/efi/cn07/netbootx64.efi'
    t.like(choose({ architectures: [7] }, { netboot }), { file, siaddr: '10.20.0.2' as Ipv4 })
    t.is(choose({ architectures: [9] }, { netboot }).file, file)
    t.is(choose({ architectures: [11] }, { netboot }).file, 'boot/efi/cn07/netbootaa64.efi')
  }
  const byUrl = { vendorClass: 'HTTPClient', forceBootFile: true } as const
  const url = 'http://10.20.0.2/boot/efi/cn07'
  t.like(choose({ architectures: [16] }, { netboot: 'grub2' }), { file: `${url}/netbootx64.efi`, ...byUrl })
  t.like(choose({ architectures: [19] }, { netboot: 'grub2' }), { file: `${url}/netbootaa64.efi`, ...byUrl })
  t.is(choose({ architectures: [19] }).file, 'http://10.20.0.2/boot/loader/snponly-arm64.efi')
})

test('firmware that cannot do what netboot says gets what boots it, and the reason says so', (t) => {
  const why = (hints: Partial<FirmwareHints>, netboot: string) => {
    const { file, configurationFile, reasons } = choose(hints, { netboot })
    t.truthy(file ?? configurationFile)
    return reasons.at(-1)
  }
  t.deepEqual(why({ architectures: [7] }, 'pxe'), {
    text: 'x86_64 UEFI: iPXE for x86_64 UEFI, although netboot is pxe: pxelinux is a BIOS program',
    row: 'noderes node=cn07 netboot=pxe',
  })
  t.regex(why({ architectures: [16] }, 'petitboot')?.text ?? '', /petitboot is firmware of POWER machines$/)
  t.regex(why(BIOS, 'yaboot')?.text ?? '', /iPXE for BIOS, although netboot is yaboot: this word means nothing here$/)
  t.regex(why({ architectures: [14] }, 'grub2')?.text ?? '', /petitboot needs no loader$/)
  t.regex(why({ architectures: [12] }, 'petitboot')?.text ?? '', /Open Firmware loads GRUB$/)
  for (const netboot of ['ipxe', 'xnba', 'grub2', ''])
    t.notRegex(why({ architectures: [7] }, netboot)?.text ?? '', /although/)
})

test('petitboot: option 209; a boot file would be an entry of its menu that cannot boot', (t) => {
  const configurationFile = 'http://10.20.0.2/boot/petitboot/cn07'
  const named = choose({ architectures: [14] })
  t.like(named, { configurationFile, pathPrefix: 'http://10.20.0.2/boot/' })
  const byTables = choose({}, { arch: 'ppc64le', netboot: 'petitboot' })
  t.is(byTables.configurationFile, configurationFile)
  t.deepEqual([named.file, byTables.file], [undefined, undefined])
})

test('POWER: GRUB by architecture 12, by netboot grub2*, or by arch ppc64le when nothing else is said', (t) => {
  const file = 'boot/grub2/grub2-cn07'
  t.like(choose({ architectures: [12] }, { arch: 'ppc64le' }), { file, forceBootFile: true })
  for (const netboot of ['grub2', 'grub2-http', 'grub2-tftp']) t.is(choose({}, { netboot }).file, file)
  t.is(choose({}, { arch: 'ppc64le' }).file, file)
  // PowerVM's BOOTP request says nothing, and is sent once: tables of former times must not leave it without a file.
  const former = choose({}, { arch: 'ppc64le', netboot: 'yaboot' })
  t.is(former.file, file)
  t.regex(former.reasons.at(-1)?.text ?? '', /GRUB, chosen by the tables, although netboot is yaboot/)
  t.is(choose({}, { arch: 'x86_64', netboot: 'yaboot' }).file, undefined)
})

test('an operating system on x86_64 gets no boot file', (t) => {
  t.is(choose({ vendorClass: 'udhcp 1.35.0' }, { arch: 'x86_64' }).file, undefined)
})

test('no image, or an image without a row: address only, and why', (t) => {
  t.deepEqual(choose(BIOS, { image: undefined }), {
    reasons: [{ text: 'address only: the node has no image', row: 'nodetype node=cn07 provmethod' }],
  })
  t.deepEqual(choose(BIOS, { image: 'gone' }), {
    reasons: [{ text: 'address only: there is no osimage gone', row: 'nodetype node=cn07 provmethod=gone' }],
  })
})

test('nodeset offline: address only; nodeset boot: the loader, whose script goes on with the next device', (t) => {
  const offline = choose(BIOS, { currstate: 'offline' })
  t.is(offline.file, undefined)
  t.is(offline.reasons[0]?.row, 'chain node=cn07 currstate')
  t.is(choose(BIOS, { currstate: 'boot' }).file, 'undionly.kpxe')
})

test('next server: noderes.tftpserver, then xcatmaster, then networks.tftpserver, then ourselves; always an address', (t) => {
  const network = { networkTftpserver: '10.20.0.8' as Ipv4 }
  const siaddr = (noderes: Readonly<Record<string, string>>) => choose(BIOS, { noderes }, network).siaddr
  t.is(siaddr({ tftpserver: '10.20.0.9', xcatmaster: 'sn1' }), '10.20.0.9' as Ipv4)
  t.is(siaddr({ xcatmaster: 'sn1' }), '10.20.0.3' as Ipv4)
  t.is(siaddr({ tftpserver: '<xcatmaster>' }), '10.20.0.8' as Ipv4)
  t.is(choose(BIOS).siaddr, '10.20.0.2' as Ipv4)
  const unknown = choose(BIOS, { noderes: { tftpserver: 'nowhere' } })
  t.is(unknown.siaddr, '10.20.0.2' as Ipv4)
  t.regex(unknown.reasons[0]?.text ?? '', /nowhere has no address in the tables/)
  t.is(unknown.reasons[0]?.row, 'noderes node=cn07 tftpserver=nowhere')
})
