/** Strangers on networks that opt in to discovery: which loader, in which firmware; silence everywhere else. */
import test from 'ava'
import { OPTION, parseText } from '../../src/dhcp/options.ts'
import { MESSAGE } from '../../src/dhcp/reply.ts'
import type { FakeTables } from './fake-cluster.ts'
import { openHarness } from './harness.ts'
import type { RequestFields } from './requests.ts'

const tables = (discovery: string | undefined, range = true): FakeTables => ({
  networks: [{ net: '10.77.0.0', ...(range ? { range: ['10.77.0.50', '10.77.0.60'] as const } : {}) }],
  site: { get: (key) => (key === 'discovery' ? discovery : undefined) },
  nodes: [{ name: 'n01', mac: '52:54:00:77:00:01', ip: '10.77.0.11', image: 'img', arch: 'x86_64' }],
})
/** The fake's networks are named by their address. */
const OPEN = tables('ALL')
const FIRMWARE: readonly [string, RequestFields['options'], string | undefined][] = [
  [
    'BIOS',
    [
      [93, [0, 0]],
      [60, 'PXEClient:Arch:00000:UNDI:002001'],
    ],
    'undionly.kpxe',
  ],
  [
    'iPXE',
    [
      [93, [0, 0]],
      [77, 'iPXE'],
      [175, [1, 1, 1]],
    ],
    'http://10.77.0.1/boot/ipxe/_discovery',
  ],
  [
    'UEFI',
    [
      [93, [0, 7]],
      [60, 'PXEClient:Arch:00007:UNDI:003000'],
    ],
    'snponly.efi',
  ],
  [
    'UEFI HTTP',
    [
      [93, [0, 16]],
      [60, 'HTTPClient:Arch:00016:UNDI:003000'],
    ],
    'http://10.77.0.1/boot/loader/snponly.efi',
  ],
  ['Open Firmware', [[93, [0, 12]]], 'boot/grub2/grub2-_discovery'],
  ['OPAL', [[93, [0, 14]]], 'http://10.77.0.1/boot/petitboot/_discovery'],
  [
    'UEFI of ARM',
    [
      [93, [0, 11]],
      [60, 'PXEClient:Arch:00011:UNDI:003000'],
    ],
    'boot/efi/_discovery-aarch64/netbootaa64.efi',
  ],
  [
    'iPXE on ARM',
    [
      [93, [0, 11]],
      [77, 'iPXE'],
    ],
    'http://10.77.0.1/boot/ipxe/_discovery-aarch64',
  ],
  [
    'ARM of 32 bits: nothing to boot',
    [
      [93, [0, 10]],
      [60, 'PXEClient:Arch:00010:UNDI:003000'],
    ],
    undefined,
  ],
  ['an operating system', [], undefined],
]

for (const [title, options = [], expected] of FIRMWARE)
  test(`${title}: a dynamic address, and ${expected ?? 'no loader'}`, async (t) => {
    const lab = await openHarness({ tables: OPEN })
    const asked = [...options, [OPTION.parameterRequestList, [66, 67, 209]] as const]
    const offer = await lab.ask({ type: MESSAGE.DISCOVER, mac: '02:00:00:00:00:09', options: asked })
    t.regex(offer?.yiaddr ?? '', /^10\.77\.0\.5\d$/)
    const file = offer?.file || parseText(offer?.options.get(67))?.replace(/\0$/, '') || undefined
    t.is(title === 'OPAL' ? parseText(offer?.options.get(209)) : file, expected)
    if (title === 'OPAL') t.is(file, undefined)
    if (title === 'UEFI HTTP') t.is(parseText(offer?.options.get(60)), 'HTTPClient')
  })

test('a network that does not opt in gives an address and nothing to boot', async (t) => {
  for (const setting of [undefined, '', 'other']) {
    const lab = await openHarness({ tables: tables(setting) })
    const options = [[93, [0, 0]] as const, [60, 'PXEClient'] as const]
    const offer = await lab.ask({ type: MESSAGE.DISCOVER, mac: '02:00:00:00:00:09', options })
    t.truthy(offer?.yiaddr)
    t.is(offer?.file, '')
    t.false(offer?.options.has(67))
  }
})

test('without a dynamic range strangers get no answer, whatever site.discovery says', async (t) => {
  const lab = await openHarness({ tables: tables('ALL', false) })
  t.is(await lab.ask({ type: MESSAGE.DISCOVER, mac: '02:00:00:00:00:09' }), undefined)
})

test('a node is no stranger there', async (t) => {
  const lab = await openHarness({ tables: OPEN })
  const options = [[93, [0, 0]] as const, [77, 'iPXE'] as const]
  const offer = await lab.ask({ type: MESSAGE.DISCOVER, mac: '52:54:00:77:00:01', options })
  t.is(offer?.yiaddr, '10.77.0.11')
  t.is(offer?.file || parseText(offer?.options.get(67)), 'http://10.77.0.1/boot/ipxe/n01')
})

test('the events show each loader a stranger was told, once a minute', async (t) => {
  const lab = await openHarness({ tables: OPEN })
  const [[, uefi], [, ipxe]] = [FIRMWARE[2]!, FIRMWARE[1]!]
  for (const options of [uefi, uefi, ipxe, ipxe].map((each) => each ?? []))
    await lab.ask({ type: MESSAGE.DISCOVER, mac: '02:00:00:00:00:09', options })
  const told = lab.events.filter(({ event }) => event === 'OFFER').map(({ object }) => object)
  t.deepEqual(told, ['snponly.efi', 'http://10.77.0.1/boot/ipxe/_discovery'])
})
