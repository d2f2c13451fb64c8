/** Every quirk has a source, a test, and a place on the page. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { classifyFirmware } from '../../src/boot/firmware.ts'
import { QUIRKS } from '../../src/boot/quirk-list.ts'
import { quirkChangeOf } from '../../src/boot/quirks.ts'
import { renderQuirksPage } from '../../src/boot/render-quirks.ts'
import { OPTION, parseText } from '../../src/dhcp/options.ts'
import { BROADCAST_FLAG } from '../../src/dhcp/packet.ts'
import { MESSAGE } from '../../src/dhcp/reply.ts'
import type { FakeTables } from '../dhcp/fake-cluster.ts'
import { openHarness } from '../dhcp/harness.ts'

const ROOT = join(import.meta.dirname, '../..')
const TABLES: FakeTables = {
  networks: [{ net: '10.77.0.0' }, { net: '10.77.2.0' }],
  nodes: [
    { name: 'n01', mac: '52:54:00:77:00:01', ip: '10.77.0.11', image: 'img', arch: 'x86_64' },
    { name: 'n02', mac: '52:54:00:77:00:02', ip: '10.77.2.12', image: 'img', arch: 'x86_64' },
  ],
}
const PXE = (architecture: number): [number, number[] | string][] => [
  [OPTION.clientArchitecture, [0, architecture]],
  [OPTION.vendorClass, `PXEClient:Arch:0000${architecture}:UNDI:003001`],
  [OPTION.parameterRequestList, [1, 3, 43, 60, 66, 67, 97]],
]

test('ids are different, and every quirk says where it can be read', (t) => {
  t.is(new Set(QUIRKS.map(({ id }) => id)).size, QUIRKS.length)
  for (const { id, citations } of QUIRKS) {
    t.true(citations.length > 0, id)
    for (const citation of citations)
      t.regex(citation, /^(https:\/\/|RFC \d|golden packets|UEFI spec|Preboot|EDK2|Beowulf)/, id)
  }
})

test('quirks kept for everybody: the file and its test are there', (t) => {
  for (const { id, effect } of QUIRKS) {
    if (effect.kind !== 'always') continue
    t.true(existsSync(join(ROOT, effect.file)), `${id}: ${effect.file}`)
    const [file, title] = effect.test
    t.true(readFileSync(join(ROOT, file), 'utf8').includes(title), `${id}: ${file} has no test “${title}”`)
  }
})

test('quirks of one firmware change the answer of that firmware only', (t) => {
  const of = (architecture: number) =>
    quirkChangeOf(
      classifyFirmware({ architectures: [architecture], vendorClass: undefined, userClasses: [], ipxeOptions: false }),
    )
  t.deepEqual(of(0), { terminateBootFile: true, proxyTakesOffer: true })
  t.deepEqual(of(7), { terminateBootFile: true })
  t.deepEqual(of(9), of(7))
  t.deepEqual(of(16), { vendorClass: 'HTTPClient', forceBootFile: true })
  t.deepEqual(of(12), { forceBootFile: true })
  t.deepEqual(of(14), {})
  const plain = classifyFirmware({ architectures: [], vendorClass: 'udhcp', userClasses: [], ipxeOptions: false })
  t.deepEqual(quirkChangeOf(plain), {})
  const ipxe = classifyFirmware({
    architectures: [0],
    vendorClass: undefined,
    userClasses: ['iPXE'],
    ipxeOptions: true,
  })
  t.deepEqual(quirkChangeOf(ipxe), { noProxyDhcp: true })
})

test('options 43 and 60 PXEClient are not sent where the address is ours', async (t) => {
  const { ask } = await openHarness({ tables: TABLES })
  for (const architecture of [0, 7, 9]) {
    const offer = await ask({ type: MESSAGE.DISCOVER, mac: '52:54:00:77:00:01', options: PXE(architecture) })
    t.truthy(offer?.file)
    t.false(offer?.options.has(OPTION.vendorSpecific))
    t.false(offer?.options.has(OPTION.vendorClass))
  }
})

test('a PXE request without option 97 is answered, and none is made up', async (t) => {
  const { ask } = await openHarness({ tables: TABLES })
  const offer = await ask({ type: MESSAGE.DISCOVER, mac: '52:54:00:77:00:01', options: PXE(0) })
  t.is(offer?.yiaddr, '10.77.0.11')
  t.is(parseText(offer?.options.get(OPTION.bootFileName)), 'undionly.kpxe')
  t.false(offer?.options.has(OPTION.machineIdentifier))
})

test('a relayed reply goes to the relay and keeps the broadcast flag', async (t) => {
  const { ask } = await openHarness({ tables: TABLES })
  const fields = { type: MESSAGE.DISCOVER, mac: '52:54:00:77:00:02', giaddr: '10.77.2.1', options: PXE(7) }
  for (const flags of [0, BROADCAST_FLAG]) {
    const offer = await ask({ ...fields, flags })
    t.is(offer?.to.address, '10.77.2.1')
    t.is(offer?.flags, flags)
  }
})

test('docs/reference/quirks.md is made from the list', (t) => {
  const page = readFileSync(join(ROOT, 'docs/reference/quirks.md'), 'utf8')
  t.is(page, renderQuirksPage(), 'node src/boot/render-quirks.ts > docs/reference/quirks.md')
})
