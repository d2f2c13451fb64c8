import test from 'ava'
import { chooseEfiFile, type EfiChoices, efiFileName, parseEfiFileName } from '../../src/boot/efi-files.ts'
import { buildSnapshot, exampleNode } from '../statelite/snapshot.ts'

const snapshot = buildSnapshot({ nodes: [exampleNode] })
const parse = (path: string) => {
  const name = parseEfiFileName(path, snapshot)
  return name && `${name.node.name} ${name.machine} ${name.part}`
}

test('names below boot/efi/<node>/', (t) => {
  t.is(efiFileName('cn07', 'x86_64'), 'boot/efi/cn07/netbootx64.efi')
  t.is(parse(efiFileName('cn07', 'x86_64')), 'cn07 x86_64 first')
  t.is(parse(efiFileName('cn07', 'arm64')), 'cn07 arm64 first')
  t.is(parse('boot/efi/cn07/grubx64.efi'), 'cn07 x86_64 grub')
  t.is(parse('boot/efi/cn07/GRUBAA64.EFI'), 'cn07 arm64 grub')
  t.is(parse('boot/efi/cn07/mmx64.efi'), 'cn07 x86_64 mokManager')
  t.is(parse('boot/efi/cn07/MokManager.efi'), 'cn07 x86_64 mokManager')
  // shim asks for these too and goes on without them.
  t.is(parse('boot/efi/cn07/shim_certificate_0.efi'), undefined)
  t.is(parse('boot/efi/cn07/revocations_sbat.efi'), undefined)
  t.is(parse('boot/efi/nobody/grubx64.efi'), undefined)
  t.is(parse('boot/efi/cn07/../grubx64.efi'), undefined)
})

test('shim that could not tell its own directory asks for GRUB and MokManager without one: the client’s address says whose', (t) => {
  const asks = (path: string, ip: string) => {
    const name = parseEfiFileName(path, snapshot, ip)
    return name && `${name.node.name} ${name.machine} ${name.part}`
  }
  t.is(asks('grubx64.efi', '10.20.0.107'), 'cn07 x86_64 grub')
  t.is(asks('mmaa64.efi', '10.20.0.107'), 'cn07 arm64 mokManager')
  t.is(asks('grubx64.efi', '10.20.0.200'), undefined)
  t.is(asks('netbootx64.efi', '10.20.0.107'), undefined)
  t.is(asks('revocations.efi', '10.20.0.107'), undefined)
})

const DEBIAN = { shim: '/d/shim', grub: '/d/grubnet', mokManager: '/d/mm', bootsByHttp: false }
const RHEL = { shim: '/r/shim', grub: '/r/grub', mokManager: undefined, bootsByHttp: true }
const NOTHING: EfiChoices = { image: undefined, ownGrub: undefined, ipxe: undefined }
const ALL: EfiChoices = { image: DEBIAN, ownGrub: '/own/grub', ipxe: '/ipxe' }
const choose = (...words: Parameters<typeof chooseEfiFile>) => chooseEfiFile(...words)?.path
const first = (protocol: 'tftp' | 'http', choices: Partial<EfiChoices>) =>
  choose('first', protocol, 'img', { ...NOTHING, ...choices })

test('the image’s own shim comes first', (t) => {
  t.is(first('tftp', ALL), '/d/shim')
  t.is(first('tftp', { ...ALL, image: RHEL }), '/r/shim')
})

test('by HTTP only a GRUB that has HTTP in it; else this server’s, else iPXE', (t) => {
  t.is(first('http', { ...ALL, image: RHEL }), '/r/shim')
  t.is(first('http', ALL), '/own/grub')
  t.is(first('http', { ...ALL, ownGrub: undefined }), '/ipxe')
  t.regex(
    chooseEfiFile('first', 'http', 'img', { ...ALL, ownGrub: undefined })?.why ?? '',
    /^iPXE, without Secure Boot: the signed GRUB of img has no HTTP in it/,
  )
})

test('without a shim: this server’s GRUB, the image’s, iPXE, nothing', (t) => {
  const bare = { ...DEBIAN, shim: undefined }
  t.is(first('tftp', { ...ALL, image: bare }), '/own/grub')
  t.is(first('tftp', { image: bare, ipxe: '/ipxe' }), '/d/grubnet')
  t.is(first('tftp', { ipxe: '/ipxe' }), '/ipxe')
  t.is(first('tftp', {}), undefined)
})

test('what shim asks for beside itself is of the same image; a GRUB of the server only where the image has none', (t) => {
  t.is(choose('grub', 'tftp', 'img', ALL), '/d/grubnet')
  t.is(choose('grub', 'http', 'img', ALL), '/d/grubnet')
  t.is(choose('grub', 'tftp', 'img', { ...ALL, image: undefined }), '/own/grub')
  t.is(choose('mokManager', 'tftp', 'img', ALL), '/d/mm')
  t.is(choose('mokManager', 'tftp', 'img', { ...ALL, image: RHEL }), undefined)
})
