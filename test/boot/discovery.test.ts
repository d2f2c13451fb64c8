// biome-ignore-all lint/suspicious/noTemplateCurlyInString: iPXE's own variables
/** The boot files of machines that no table knows, in every dialect, and whose kernel and initrd they name. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { openDiscoveryImages } from '../../src/api/methods/discovery/boot-image.ts'
import { discoveryBootFile, type FindDiscoveryImage } from '../../src/boot/discovery.ts'
import { openNodeAnswers } from '../../src/boot/node-answers.ts'
import type { FindImageFile } from '../../src/boot/node-boot-file.ts'
import type { ImageName, Snapshot } from '../../src/cluster/model.ts'
import { compileSnapshot } from '../../src/cluster/snapshot.ts'
import { openInventoryInitrds } from '../../src/image/inventory-initrd.ts'
import { viewOf } from '../tables/view.ts'

const STRANGER = '10.77.9.3'
const findFile: FindImageFile = (image, kind) =>
  kind === 'kernel.gz' ? { fault: 'none' } : { urlPath: `/image/${image.name}/0123456789abcdef/${kind}` }
const findImage: FindDiscoveryImage = (snapshot, arch) =>
  snapshot.images.get({ x86_64: 'lite', ppc64le: 'power', aarch64: 'arm' }[arch] as ImageName) ?? {
    fault: `no ${arch}`,
  }
const answers = openNodeAnswers({ addresses: ['10.77.0.1', '10.78.0.1'], httpPort: undefined, nfs: undefined })

function snapshotWith(
  site: Readonly<Record<string, string>> = { discovery: 'demo' },
  directory = '/install',
  arm: readonly string[] = [],
): Snapshot {
  const image = (name: string, osarch: string) => ({ imagename: name, provmethod: 'statelite', osarch })
  const view = viewOf({
    site: Object.entries({ master: '10.77.0.1', ...site }).map(([key, value]) => ({ key, value })),
    networks: [
      { netname: 'demo', net: '10.77.0.0', mask: '255.255.0.0', dynamicrange: '10.77.9.1-10.77.9.20' },
      { netname: 'other', net: '10.78.0.0', mask: '255.255.0.0', dynamicrange: '10.78.9.1-10.78.9.20' },
    ],
    nodelist: [{ node: 'n1', groups: 'all' }],
    hosts: [{ node: 'n1', ip: '10.77.9.7' }],
    osimage: [
      image('lite', 'x86_64'),
      image('newer', 'x86_64'),
      image('power', 'ppc64le'),
      ...arm.map((name) => image(name, 'aarch64')),
    ],
    linuximage: ['lite', 'newer', 'power', ...arm].map((name) => ({
      imagename: name,
      rootimgdir: join(directory, name),
    })),
  })
  return compileSnapshot(view, undefined, 1)
}

const fileFor = (path: string, clientIp = STRANGER, snapshot = snapshotWith()) =>
  discoveryBootFile(path, clientIp, snapshot, answers, findImage, findFile)

function textFor(t: ExecutionContext, path: string, snapshot = snapshotWith()): string {
  const found = fileFor(path, STRANGER, snapshot)
  t.is(found?.file.kind, 'text')
  return found?.file.kind === 'text' ? found.file.text : ''
}

const LINE = 'liteboot.run=discover liteboot.discover=http://10.77.0.1/discover/v1'

test('iPXE: kernel and initrd of an x86_64 image, and the line that takes stock', (t) => {
  const text = textFor(t, '/boot/ipxe/_discovery')
  t.true(
    text.includes(
      `kernel http://10.77.0.1/image/lite/0123456789abcdef/kernel initrd=initrd ${LINE} BOOTIF=01-\${netX/mac:hexhyp}`,
    ),
  )
  t.true(text.includes('initrd --name initrd http://10.77.0.1/image/lite/0123456789abcdef/initrd'))
  t.true(text.startsWith('#!ipxe\n#discover\n'))
})

test('petitboot: a POWER image, absolute URLs', (t) => {
  t.is(
    textFor(t, 'boot/petitboot/_discovery'),
    `#discover
default xCAT
label xCAT
\tkernel http://10.77.0.1/image/power/0123456789abcdef/kernel
\tappend "${LINE}"
\tinitrd http://10.77.0.1/image/power/0123456789abcdef/initrd
`,
  )
})

test('GRUB over Open Firmware, by whatever name it looks; pxelinux', (t) => {
  for (const name of ['grub.cfg', 'grub.cfg-01-52-54-00-77-00-0b', 'grub.cfg-0A4D0903', '_discovery'])
    t.regex(textFor(t, `boot/grub2/${name}`), /linux \/image\/power\/0123456789abcdef\/kernel liteboot\.run=discover/)
  t.regex(textFor(t, 'pxelinux.cfg/01-52-54-00-77-00-0b'), /KERNEL image\/lite\/[\s\S]*IPAPPEND 2/)
})

test('GRUB and iPXE of ARM; the common grub.cfg sends ARM there, and POWER reads on', (t) => {
  const snapshot = snapshotWith({ discovery: 'demo', defserialport: '0' }, '/install', ['arm'])
  for (const name of [
    'boot/grub2/_discovery-aarch64',
    'boot/efi/_discovery-aarch64/grub.cfg',
    'boot/efi/_discovery-aarch64/grub.cfg-01-52-54-00-77-00-0b',
    'grub/arm64-efi/grub.cfg',
    'grub/grub.cfg',
  ]) {
    const text = textFor(t, name, snapshot)
    t.regex(text, /set root=http,10\.77\.0\.1\n/)
    t.regex(text, /linux \/image\/arm\/0123456789abcdef\/kernel liteboot\.run=discover .*console=ttyAMA0,115200/)
  }
  t.regex(textFor(t, 'boot/ipxe/_discovery-aarch64', snapshot), /kernel http:\S*\/image\/arm\/\S+\/kernel /)
  const common = textFor(t, 'boot/grub2/grub.cfg', snapshot)
  t.regex(
    common,
    /^if \[ "\$grub_cpu" = arm64 \]; then configfile \(tftp,10\.77\.0\.1\)\/boot\/grub2\/_discovery-aarch64; fi\n/,
  )
  t.regex(common, /linux \/image\/power\//)
  t.false(textFor(t, 'boot/grub2/grub.cfg').includes('grub_cpu'), 'without an image for ARM as ever')
  t.deepEqual(fileFor('boot/grub2/_discovery-aarch64')?.file, {
    kind: 'refused',
    reasons: ['no aarch64'],
    url: 'http://10.77.0.1/boot/ipxe/_discovery-aarch64',
  })
})

test('the serial console of machines without a nodehm row', (t) => {
  const snapshot = snapshotWith({ discovery: 'ALL', defserialport: '0' })
  t.true(textFor(t, 'boot/ipxe/_discovery', snapshot).includes(`${LINE} console=tty0 console=ttyS0,115200`))
  t.true(textFor(t, 'boot/petitboot/_discovery', snapshot).includes(`${LINE} console=tty0 console=hvc0,115200`))
})

test('nothing for others: outside the range, a network that does not opt in, an address of a node, other files', (t) => {
  t.is(fileFor('boot/ipxe/_discovery', '10.77.0.50'), undefined)
  t.is(fileFor('boot/ipxe/_discovery', '10.78.9.3'), undefined)
  t.is(fileFor('boot/ipxe/_discovery', '10.77.9.7'), undefined)
  t.is(fileFor('boot/ipxe/_discovery', STRANGER, snapshotWith({})), undefined)
  t.is(fileFor('boot/ipxe/_discovery', 'fe80::1'), undefined)
  t.is(fileFor('etc/passwd'), undefined)
})

/** What liteimg writes beside an initrd. */
function layInitrd(directory: string, name: string, record: object): void {
  mkdirSync(join(directory, name, 'rootimg'), { recursive: true })
  writeFileSync(join(directory, name, 'initrd-statelite.gz'), 'x')
  writeFileSync(join(directory, name, 'initrd-statelite.gz.json'), JSON.stringify(record))
}

test('the image with the newest kernel whose initrd can take stock; or those that the site names', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-discovery-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const find = openDiscoveryImages(openInventoryInitrds())
  const chosen = (arch: 'x86_64' | 'ppc64le' | 'aarch64', site: Readonly<Record<string, string>> = {}) => {
    const image = find(snapshotWith(site, directory, ['arm']), arch)
    return 'fault' in image ? image.fault : image.name
  }
  t.regex(
    chosen('x86_64'),
    /none of the images boots unknown x86_64 machines: image lite has no initrd.*run liteimg lite/,
  )
  const files = ['init', 'liteboot/frame-reader']
  layInitrd(directory, 'lite', { arch: 'x86_64', kernelVersion: '6.1.0-9-amd64', files })
  layInitrd(directory, 'newer', { arch: 'x86_64', kernelVersion: '6.1.0-40-amd64', files })
  t.is(chosen('x86_64'), 'newer')
  t.is(chosen('x86_64', { discoveryimage: 'lite,power' }), 'lite')
  layInitrd(directory, 'newer', { arch: 'x86_64', kernelVersion: '6.1.0-40-amd64', files: ['init', 'dracut'] })
  t.is(chosen('x86_64'), 'lite')
  t.regex(
    chosen('x86_64', { discoveryimage: 'newer' }),
    /site\.discoveryimage \(newer\).*made by dracut, or older.*run liteimg newer/,
  )
  t.regex(chosen('ppc64le'), /ppc64le machines: image power has no initrd/)
  layInitrd(directory, 'power', { arch: 'ppc64le', kernelVersion: '6.1.0-9', files })
  t.is(chosen('ppc64le'), 'power')
  layInitrd(directory, 'arm', { arch: 'aarch64', kernelVersion: '6.1.0-9', files: ['init', 'dracut'] })
  t.regex(chosen('aarch64'), /aarch64 machines: the initrd of image arm cannot take stock/)
  layInitrd(directory, 'arm', { arch: 'aarch64', kernelVersion: '6.1.0-10', files })
  t.is(chosen('aarch64'), 'arm')
})
